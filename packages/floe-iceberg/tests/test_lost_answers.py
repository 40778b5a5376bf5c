"""A commit whose answer is lost is looked up, never guessed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from floe_core.errors import ServiceError, WorkError
from testing.lake import Lake, identity

pytestmark = pytest.mark.disk
BEFORE, AFTER = False, True


def fail(monkeypatch: pytest.MonkeyPatch, *, landed: bool) -> None:
    """Let the catalog's commits raise, the next one after it landed or before."""
    real = Session.commit

    def commit(session: Session) -> None:
        if landed:
            real(session)
        raise OperationalError("commit", {}, ConnectionError("disk I/O error"))

    monkeypatch.setattr(Session, "commit", commit)


@pytest.mark.requirement("FR-027")
@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_write_that_landed_although_the_answer_was_lost_is_done_once(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    lake.publish("base", "t", "select 1 as id")
    with lake.manager.run(identity("r1")) as run, monkeypatch.context() as patch:
        fail(patch, landed=AFTER)
        assert lake.write(run, "t", "select 2 as id", mode) == (1 if mode == "overwrite" else 2)
        assert lake.write(run, "new", "select 3 as id") == 1
        run.publish()
    expected = [(2,)] if mode == "overwrite" else [(1,), (2,)]
    assert lake.plain_rows("t") == expected
    assert lake.plain_rows("new") == [(3,)]


@pytest.mark.requirement("FR-027")
def test_a_write_that_did_not_land_is_an_error_and_leaves_no_file(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.publish("base", "t", "select 1 as id")
    files = set(lake.home.rglob("*.parquet"))
    with lake.manager.run(identity("r1")) as run:
        with monkeypatch.context() as patch:
            fail(patch, landed=BEFORE)
            with pytest.raises(WorkError, match=r"did not take the commit: .*disk I/O error"):
                lake.write(run, "t", "select 2 as id")
        assert set(lake.home.rglob("*.parquet")) == files
        assert lake.write(run, "t", "select 3 as id") == 1
        with monkeypatch.context() as patch:
            fail(patch, landed=BEFORE)
            with pytest.raises(WorkError, match="did not take the commit"):
                run.publish()
        assert lake.plain_rows("t") == [(1,)]
        run.publish()
    assert lake.plain_rows("t") == [(3,)]


@pytest.mark.requirement("FR-027")
def test_a_catalog_that_is_gone_when_asked_again_leaves_every_file_where_it_is(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.publish("base", "t", "select 1 as id")

    def gone(*_: object) -> None:
        raise OperationalError("select", {}, ConnectionError("gone"))

    with lake.manager.run(identity("r1")) as run, monkeypatch.context() as patch:
        assert lake.rows("t", run) == [(1,)]
        fail(patch, landed=AFTER)
        patch.setattr(Session, "scalar", gone)
        with pytest.raises(WorkError, match="which may have landed or not"):
            lake.write(run, "t", "select 2 as id", "append")
    branch = lake.table("t").metadata.snapshot_by_name("floe_run_r1")
    assert branch is not None
    found = lake.table("t").scan(snapshot_id=branch.snapshot_id).to_arrow().to_pylist()
    assert found == [{"id": 2}, {"id": 1}]


@pytest.mark.requirement("FR-027")
def test_a_write_whose_answer_was_lost_is_found_beneath_what_others_wrote_after_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.publish("base", "t", "select 1 as id")
    real = Session.commit

    def commit(session: Session) -> None:
        real(session)
        patch.undo()
        lake.table("t").delete("id = 1")
        raise OperationalError("commit", {}, ConnectionError("connection reset"))

    with lake.manager.run(identity("r1")) as run, monkeypatch.context() as patch:
        assert lake.rows("t", run) == [(1,)]
        patch.setattr(Session, "commit", commit)
        assert lake.write(run, "t", "select 2 as id", "append") == 2
        assert lake.rows("t", run) == [(1,), (2,)]
    assert lake.plain_rows("t") == []


@pytest.mark.requirement("FR-027", "FR-066")
def test_a_table_whose_files_are_gone_is_named(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as id")
    for path in lake.home.rglob("*.metadata.json"):
        path.unlink()
    with pytest.raises(WorkError, match=re.escape("the table 'shop.t' is in the catalog, but its metadata")):
        lake.rows("t")


@pytest.mark.embedded
@pytest.mark.requirement("FR-027", "FR-066")
def test_a_catalog_that_is_no_database_is_told(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as id")
    lake.manager.close()
    (lake.home / "catalog.db").write_bytes(b"this is no database" * 100)
    told = "the catalog 'floe' does not answer as a catalog: .*file is not a database"
    with pytest.raises(ServiceError, match=told):
        lake.rows("t")
    with pytest.raises(ServiceError, match=told):
        lake.manager.tables()
    with pytest.raises(ServiceError, match=told):
        lake.another_manager()
