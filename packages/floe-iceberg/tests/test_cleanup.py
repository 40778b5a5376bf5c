"""Removing files: all that nothing leads to any more, and never one more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

from floe_core.lake import MaintenancePolicy, TableMaintenance
from floe_iceberg.cleanup import Patience
from floe_iceberg.local_folder import LocalFolder
from floe_iceberg.reachability import UnclearError, spellings
from testing.lake import Lake, identity
from testing.legs import SmallRestLeg
from testing.services.small_catalog import SmallCatalog

POLICY = MaintenancePolicy(keep_last=2, min_small_files=1000)
DAY = timedelta(days=1)
LATER = timedelta(days=2)


def maintain(
    lake: Lake,
    after: timedelta = LATER,
    *,
    name: str = "t",
    policy: MaintenancePolicy = POLICY,
    living: Mapping[str, datetime] = {},
    for_real: bool = True,
) -> TableMaintenance:
    """Maintain as if it were ``after`` from now; what was done to the table."""
    reports = lake.manager.maintain(
        [lake.namespace],
        policy,
        identity=identity(f"maintenance-{after.total_seconds():.0f}"),
        now=datetime.now(UTC) + after,
        living=living,
        dry_run=not for_real,
    )
    return next(report for report in reports if report.table == name)


def folder(lake: Lake, name: str = "t") -> Path:
    return lake.warehouse / lake.namespace / name


def stored(lake: Lake, name: str = "t") -> set[Path]:
    return {path for path in folder(lake, name).rglob("*") if path.is_file()}


def data(lake: Lake, name: str = "t") -> set[Path]:
    return {path for path in stored(lake, name) if path.suffix == ".parquet"}


def publish(lake: Lake, count: int, name: str = "t", *, mode: str = "overwrite") -> None:
    for number in range(count):
        lake.publish(f"{name}-{number}", name, f"select {number} as id", mode)


@pytest.mark.requirement("FR-032")
def test_expired_files_are_seen_first_and_removed_in_a_later_pass(lake: Lake) -> None:
    publish(lake, 5)
    before = data(lake)
    first = maintain(lake)
    assert (first.snapshots_expired != (), first.files_removed) == (True, 0)
    # three data files, three manifest lists, and the manifests only they led to
    assert first.files_waiting >= 3 + 3
    assert data(lake) == before

    soon = maintain(lake, LATER + timedelta(minutes=59))
    assert (soon.files_removed, soon.files_waiting) == (0, first.files_waiting)

    waiting = {path: path.stat().st_size for path in stored(lake)}
    second = maintain(lake, LATER + timedelta(hours=1))
    assert (second.files_removed, second.files_waiting) == (first.files_waiting, 0)
    gone = set(waiting) - stored(lake)
    assert second.bytes_removed == first.bytes_waiting
    assert second.bytes_removed == sum(waiting[path] for path in gone if path.suffix != ".json")
    assert len(data(lake)) == 2
    assert lake.plain_rows("t") == [(4,)]
    for snapshot in lake.table("t").metadata.snapshots:
        assert lake.table("t").scan(snapshot_id=snapshot.snapshot_id).to_arrow().num_rows == 1


@pytest.mark.requirement("FR-032")
def test_a_file_younger_than_the_minimum_age_stays_however_long_it_was_seen(lake: Lake) -> None:
    publish(lake, 5)
    assert maintain(lake, timedelta(0)).files_waiting > 0
    assert maintain(lake, DAY - timedelta(minutes=1)).files_removed == 0
    assert maintain(lake, DAY + timedelta(minutes=1)).files_removed > 0


@pytest.mark.requirement("FR-032")
def test_a_dry_run_tells_files_and_bytes_and_changes_nothing(lake: Lake) -> None:
    publish(lake, 5)
    (folder(lake) / "data" / "orphan.parquet").write_bytes(b"nobody's")
    before, seen = stored(lake), lake.seen("t")
    told = maintain(lake, for_real=False)
    assert (stored(lake), lake.seen("t")) == (before, seen)
    assert told.files_removed == 0
    done = maintain(lake)
    assert replace(told, files_waiting=0, bytes_waiting=0) == replace(done, files_waiting=0, bytes_waiting=0)
    assert (told.files_waiting, told.bytes_waiting) == (done.files_waiting, done.bytes_waiting)
    before = stored(lake)
    told = maintain(lake, LATER + DAY, for_real=False)
    assert stored(lake) == before
    assert maintain(lake, LATER + DAY) == told
    assert told.files_removed == done.files_waiting


@pytest.mark.requirement("FR-032")
def test_files_of_tags_branches_and_runs_that_are_going_stay(lake: Lake) -> None:
    publish(lake, 4)
    table = lake.table("t")
    oldest = table.metadata.snapshots[0].snapshot_id
    table.manage_snapshots().create_tag(oldest, "v1").create_branch(
        table.metadata.snapshots[1].snapshot_id, "audit"
    ).commit()
    began = {"going": datetime.now(UTC)}
    with lake.manager.run(identity("going")) as run:
        assert lake.rows("t", run) == [(3,)]
        lake.write(run, "t", "select 100 as id", "append")
        lake.write(run, "fresh", "select 7 as id")
        uncommitted = folder(lake) / "data" / "uncommitted" / "data_0.parquet"
        uncommitted.parent.mkdir()
        shutil.copy(next(iter(data(lake))), uncommitted)
        for days in (2, 4, 6):
            maintain(lake, timedelta(days=days), living=began)
        assert uncommitted.exists()
        assert lake.rows("t", run) == [(100,), (3,)]
        run.publish()
    assert lake.plain_rows("t") == [(100,), (3,)]
    assert lake.plain_rows("fresh") == [(7,)]
    plain = lake.table("t")
    assert plain.scan(snapshot_id=oldest).to_arrow().to_pylist() == [{"id": 0}]
    assert plain.scan().use_ref("audit").to_arrow().to_pylist() == [{"id": 1}]
    for days in (8, 10):
        maintain(lake, timedelta(days=days))
    assert not uncommitted.exists()
    assert lake.plain_rows("t") == [(100,), (3,)]


@pytest.mark.requirement("FR-032")
def test_what_a_run_is_reading_stays_though_it_is_published_over_and_expired(lake: Lake) -> None:
    publish(lake, 1)
    began = datetime.now(UTC)
    with lake.manager.run(identity("reader")) as run:
        pinned = lake.manager.scan_sql(lake.id("t"), run=run)
    publish(lake, 4)
    for days in (2, 4, 6):
        maintain(lake, timedelta(days=days), living={"reader": began})
    assert lake.con.execute(pinned or "").fetchall() == [(0,)]
    for days in (8, 10):
        maintain(lake, timedelta(days=days))
    assert len(data(lake)) == 2


@pytest.mark.disk
@pytest.mark.requirement("FR-032")
def test_only_what_looks_like_a_table_s_file_is_removed_and_only_in_its_own_folder(lake: Lake) -> None:
    publish(lake, 1)
    publish(lake, 1, "t2")
    own = folder(lake)
    foreign = [
        own / "data" / "notes.txt",
        own / "metadata" / "version-hint.text",
        own / "_hidden.parquet",
        own / ".hidden.parquet",
        own.parent / "beside.parquet",
        own.parent / "t-but-longer" / "data" / "x.parquet",
        lake.home / "elsewhere" / "x.parquet",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"theirs")
    (own / "data" / "link.parquet").symlink_to(lake.home / "elsewhere" / "x.parquet")
    (own / "data" / "linked").symlink_to(lake.home / "elsewhere")
    orphan = own / "data" / "orphan.parquet"
    orphan.write_bytes(b"nobody's")
    for days in (2, 4):
        maintain(lake, timedelta(days=days))
    assert not orphan.exists()
    assert [path for path in foreign if not path.exists()] == []
    assert lake.plain_rows("t") == lake.plain_rows("t2") == [(0,)]


@pytest.mark.requirement("FR-032")
def test_what_lies_beside_a_table_or_is_called_otherwise_is_kept_in_any_store(lake: Lake) -> None:
    publish(lake, 1)
    own = folder(lake)
    foreign = [
        own / "data" / "notes.txt",
        own / "data" / "_hidden.parquet",
        own.parent / "beside.parquet",
        own.parent / "t-but-longer" / "data" / "x.parquet",
    ]
    orphan = own / "data" / "orphan.parquet"
    for path in (*foreign, orphan):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"theirs")
    for days in (2, 4):
        maintain(lake, timedelta(days=days))
    assert not orphan.exists()
    assert [path for path in foreign if not path.exists()] == []
    assert lake.plain_rows("t") == [(0,)]


@pytest.mark.requirement("FR-032")
def test_a_table_within_another_s_folder_loses_nothing(lake: Lake) -> None:
    publish(lake, 3)
    location = f"{lake.table('t').location()}/data/inner"
    schema = Schema(NestedField(1, "id", LongType()))
    inner = lake.plain().create_table(lake.id("inner"), schema, location=location)
    lake.publish("inner", "inner", "select 5::bigint as id")
    twin = lake.plain().create_table(lake.id("twin"), schema, location=lake.table("t").location())
    files = stored(lake)
    for days in (2, 4):
        report = maintain(lake, timedelta(days=days))
        assert report.notes == ("its files stay: its folder is also that of 'shop.twin'",)
    assert {path for path in files if path.suffix == ".parquet"} <= stored(lake)
    lake.plain().drop_table(lake.id("twin"))
    assert twin.location() == lake.table("t").location()
    for days in (6, 8):
        assert maintain(lake, timedelta(days=days)).notes == ()
    assert len(data(lake)) == 2 + 1
    assert lake.plain_rows("inner") == [(5,)]
    assert inner.location() == location


@pytest.mark.requirement("FR-032")
@pytest.mark.parametrize("spelled", ["file:{}", "file://{}", "file://localhost{}", "{}", "FILE:{}"])
def test_a_file_is_found_however_its_location_is_spelled(lake: Lake, spelled: str) -> None:
    path = str(folder(lake) / "a%20b.parquet")
    assert Path(path) in spellings(spelled.format(path))
    assert folder(lake) / "a b.parquet" in spellings(spelled.format(path))


@pytest.mark.requirement("FR-032")
@pytest.mark.parametrize("location", ["s3://bucket/x", "file://host/x", "hdfs:/x", "relative/x", "C:\\x"])
def test_a_location_that_is_not_understood_is_no_file(location: str) -> None:
    with pytest.raises(UnclearError):
        spellings(location)


@pytest.mark.disk
@pytest.mark.requirement("FR-032")
def test_spark_s_spelling_of_the_same_files_keeps_them(lake: Lake) -> None:
    """Spark writes 'file:/x' for what PyIceberg calls 'file:///x'; comparing texts would remove the table."""
    publish(lake, 2, mode="append")
    added = folder(lake) / "data" / "from-spark.parquet"
    source = next(iter(data(lake)))
    shutil.copy(source, added)
    lake.table("t").add_files([f"file:{added}"])
    os.utime(added, (0, 0))
    for days in (2, 4):
        report = maintain(lake, timedelta(days=days), policy=MaintenancePolicy())
        assert (report.files_removed, report.files_waiting, report.notes) == (0, 0, ())
    assert added.exists()
    assert len(lake.plain_rows("t")) == 3


@pytest.mark.requirement("FR-032")
def test_a_table_that_names_a_file_nobody_finds_keeps_all_of_its_files(lake: Lake) -> None:
    publish(lake, 4)
    lost = {task.file.file_path for task in lake.table("t").scan().plan_files()}
    (location,) = lost
    path = lake.path(location)
    path.rename(lake.home / "moved.parquet")
    files = stored(lake)
    for days in (2, 4):
        report = maintain(lake, timedelta(days=days))
        assert report.notes == (f"its files stay: it names '{location}', which cannot be found",)
    assert files <= stored(lake)
    (lake.home / "moved.parquet").rename(path)
    assert lake.plain_rows("t") == [(3,)]


@pytest.mark.requirement("FR-032", "FR-027")
def test_what_a_dead_run_left_goes_and_a_table_nobody_published_goes_with_it(lake: Lake) -> None:
    publish(lake, 1)
    before = data(lake)
    with lake.manager.run(identity("dead")) as run:
        lake.write(run, "t", "select 99 as id")
        lake.write(run, "fresh", "select 1 as id")
    kept = maintain(lake, DAY - timedelta(minutes=1))
    assert kept.runs_let_go == ()
    assert lake.manager.unpublished("dead") == [lake.id("fresh"), lake.id("t")]
    would = maintain(lake, name="fresh", for_real=False)
    assert (would.dropped, would.files_removed) == (True, len(stored(lake, "fresh")))
    dropped = maintain(lake, name="fresh")
    assert dropped == would
    assert [table.name for table in lake.manager.table_ids(["shop"])] == ["t"]
    assert stored(lake, "fresh") == set()
    assert set(lake.table("t").metadata.refs) == {"main"}
    maintain(lake, LATER + DAY)
    assert data(lake) == before


@pytest.mark.requirement("FR-032")
def test_marks_that_cannot_be_read_only_make_files_wait_longer(lake: Lake) -> None:
    publish(lake, 4)
    waiting = maintain(lake).files_waiting
    marks = folder(lake) / "metadata" / "floe-unreachable.json"
    for broken in (b"", b"[]", b'{"seen": {"x": "y"}}', b'{"seen": 3}'):
        marks.write_bytes(broken)
        assert maintain(lake, LATER + DAY).files_removed == 0
    assert maintain(lake, LATER + 2 * DAY).files_removed == waiting
    assert not marks.exists()


@pytest.mark.requirement("FR-032")
def test_many_small_runs_with_maintenance_do_not_fill_the_store(lake: Lake) -> None:
    lake.publish("base", "t", "select range as id, md5(range::varchar) as v from range(20000)")
    live = sum(path.stat().st_size for path in data(lake))
    policy = MaintenancePolicy(keep_last=2, min_small_files=5, file_grace_s=60, min_file_age_s=60)
    written: dict[Path, int] = {}
    for number in range(24):
        sql = f"select {number * 500} + range as id, 'changed' || range as v from range(100)"
        lake.publish(f"m{number}", "t", sql, "merge", unique_key=["id"])
        written |= {path: path.stat().st_size for path in stored(lake)}
        if number % 4 == 3:
            maintain(lake, timedelta(hours=number + 1), policy=policy)
    maintain(lake, timedelta(hours=50), policy=policy)
    left = sum(path.stat().st_size for path in stored(lake))
    assert left <= 3 * live < sum(written.values())  # expiry alone, the naive way, frees nothing
    assert len(lake.table("t").metadata.metadata_log) <= 25
    assert len(lake.plain_rows("t")) == 20000


@pytest.mark.own_rights
@pytest.mark.requirement("FR-032", "FR-027")
def test_what_is_left_of_a_table_a_run_died_making_goes_and_nothing_that_may_be_somebody_s(
    lake: Lake,
) -> None:
    _remove_what_was_never_made(lake)


@pytest.mark.embedded
@pytest.mark.requirement("FR-032", "FR-027")
def test_a_rest_catalog_tells_where_such_tables_would_have_been(tmp_path: Path) -> None:
    with SmallCatalog(tmp_path / "files") as catalog:
        lake = Lake(tmp_path / "lake", leg=SmallRestLeg(catalog))
        _remove_what_was_never_made(lake)
        lake.close()


def _remove_what_was_never_made(lake: Lake) -> None:
    publish(lake, 1)
    home = lake.manager.catalog.home("shop")
    assert home is not None

    def put(path: str, text: str) -> None:
        with home.io.new_output(f"{home.location}/{path}").create() as stream:
            stream.write(text.encode())

    for name in ("died", "cut", "shown", "mine"):
        put(f"{name}/data/{'0' * 32}/data_0.parquet", "PAR1")
    put("died/metadata/00000-a.metadata.json", '{"properties": {"floe.published": "false"}}')
    put("cut/metadata/00000-a.metadata.json", '{"proper')
    put("shown/metadata/00001-a.metadata.json", '{"properties": {}}')
    put("mine/data/notes.txt", "keep")

    def dropped(number: int, hours: int, began: datetime | None = None, *, really: bool = True) -> list[str]:
        reports = lake.manager.maintain(
            ["shop"],
            MaintenancePolicy(min_file_age_s=86_400),
            identity=identity(f"m{number}"),
            living={"r": began} if began else {},
            now=datetime.now(UTC) + timedelta(hours=hours),
            dry_run=not really,
        )
        return [f"{report.table} {report.files_removed}" for report in reports if report.dropped]

    assert dropped(1, 1) == []
    assert dropped(2, 25, datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert dropped(3, 25, really=False) == ["cut 2", "died 2"]
    assert dropped(4, 25) == ["cut 2", "died 2"]
    assert dropped(5, 25) == []
    for name, file in (("mine", "data/notes.txt"), ("shown", "metadata/00001-a.metadata.json")):
        assert home.io.new_input(f"{home.location}/{name}/{file}").exists()
    assert not home.io.new_input(f"{home.location}/died/metadata/00000-a.metadata.json").exists()
    assert lake.plain_rows("t") == [(0,)]


@pytest.mark.embedded
@pytest.mark.requirement("FR-032")
def test_what_its_writer_takes_back_while_a_folder_is_looked_at_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = LocalFolder(tmp_path), tmp_path / "kept.parquet"
    kept.touch()
    gone = [(str(tmp_path / "gone"), [], []), (str(tmp_path), ["gone"], ["gone.parquet", kept.name])]
    monkeypatch.setattr(os, "walk", lambda *_, **__: gone)
    assert [file.path for file in folder.files()] == [kept]
    folder.remove_empty(Patience(2**62, 2**62, None))
    assert kept.exists()
