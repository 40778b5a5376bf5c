"""How files are written: encodings that others can read, and pieces small enough to be replaced."""

from __future__ import annotations

from typing import Any

import pytest

from floe_core.errors import SpecError
from testing.lake import Lake

_ROWS = (
    "select range::bigint * 7 as k, 'name ' || range as name, range / 3.0::double as part from range(20_000)"
)
_VECTORIZED = "read.parquet.vectorization.enabled"


def _encodings(lake: Lake, name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for task in lake.table(name).scan().plan_files():
        rows = lake.con.execute(
            "select path_in_schema, encodings from parquet_metadata(?)", [str(lake.path(task.file.file_path))]
        ).fetchall()
        for column, encodings in rows:
            found.setdefault(column, set()).update(encodings.split(", "))
    return found


def _files(lake: Lake, name: str) -> set[str]:
    return {task.file.file_path for task in lake.table(name).scan().plan_files()}


@pytest.mark.requirement("FR-032")
def test_files_have_the_newer_encodings_and_vectorized_readers_that_lack_them_are_told(lake: Lake) -> None:
    lake.publish("r1", "t", _ROWS)
    assert _encodings(lake, "t") == {
        "k": {"DELTA_BINARY_PACKED"},
        "name": {"DELTA_LENGTH_BYTE_ARRAY"},
        "part": {"BYTE_STREAM_SPLIT"},
    }
    assert lake.table("t").properties[_VECTORIZED] == "false"
    assert lake.plain_rows("t") == lake.rows("t")


@pytest.mark.requirement("FR-032")
def test_a_table_may_ask_for_the_older_encodings(lake: Lake) -> None:
    lake.publish("r1", "t", _ROWS, properties={"write.parquet.page-version": "1"})
    assert _encodings(lake, "t") == {"k": {"PLAIN"}, "name": {"PLAIN"}, "part": {"PLAIN"}}
    assert _VECTORIZED not in lake.table("t").properties
    lake.publish("r2", "t", _ROWS)
    assert _encodings(lake, "t")["k"] == {"PLAIN"}


@pytest.mark.requirement("FR-032")
@pytest.mark.parametrize(
    ("said", "codecs"),
    [("snappy", {"SNAPPY"}), ("lz4", {"LZ4_RAW"}), ("UNCOMPRESSED", {"UNCOMPRESSED"}), (None, {"ZSTD"})],
)
def test_a_table_says_how_its_files_are_compressed(lake: Lake, said: str | None, codecs: set[str]) -> None:
    properties = {"write.parquet.compression-codec": said} if said else {}
    lake.publish("r1", "t", _ROWS, properties=properties)
    lake.publish("r2", "t", _ROWS, "append")
    files = [str(lake.path(file)) for file in _files(lake, "t")]
    found = lake.con.execute("select distinct compression from parquet_metadata(?)", [files]).fetchall()
    assert {codec for (codec,) in found} == codecs
    assert lake.plain_rows("t") == lake.rows("t")


@pytest.mark.requirement("FR-032")
def test_a_codec_that_is_none_is_refused_before_anything_is_written(lake: Lake) -> None:
    with pytest.raises(SpecError) as refused:
        lake.publish("r1", "t", _ROWS, properties={"write.parquet.compression-codec": "zip"})
    assert [str(problem) for problem in refused.value.problems] == [
        "FLOE-E427 write.parquet.compression-codec: files cannot be compressed with 'zip'\n"
        "  hint: zstd, snappy, gzip, brotli, lz4, uncompressed"
    ]
    assert not list(lake.warehouse.rglob("*.parquet"))


@pytest.mark.requirement("FR-032")
def test_what_a_table_says_to_vectorized_readers_itself_stays(lake: Lake) -> None:
    lake.publish("r1", "t", _ROWS, properties={_VECTORIZED: "true"})
    lake.publish("r2", "t", _ROWS)
    assert lake.table("t").properties[_VECTORIZED] == "true"


@pytest.mark.requirement("FR-025")
@pytest.mark.parametrize("table", [{"unique_key": ["k"]}, {}], ids=["keyed", "not keyed"])
def test_a_small_table_rows_are_merged_into_is_cut_so_that_a_merge_leaves_most_files(
    lake: Lake, table: dict[str, Any]
) -> None:
    lake.publish("r1", "t", _ROWS, "merge" if table else "overwrite", **table)
    assert len(_files(lake, "t")) == 1
    few = "select 7::bigint as k, 'new' as name, 0.0::double as part"
    lake.publish("r2", "t", few, "merge", unique_key=["k"])
    cut = _files(lake, "t")
    assert len(cut) == 5
    lake.publish("r3", "t", few.replace("7", "70000"), "merge", unique_key=["k"])
    assert len(cut & _files(lake, "t")) == 4
    assert len(_files(lake, "t")) == 5
    assert len(lake.rows("t")) == 20_000


@pytest.mark.requirement("FR-032")
def test_manifests_stay_few_however_many_merges_there_were(lake: Lake) -> None:
    lake.publish("r0", "t", _ROWS)
    for turn in range(1, 13):
        sql = f"select {turn * 7000}::bigint as k, 'new' as name, {turn}::double as part"
        lake.publish(f"r{turn}", "t", sql, "merge", unique_key=["k"])
    table = lake.table("t")
    snapshot = table.current_snapshot()
    assert snapshot is not None
    manifests = snapshot.manifests(table.io)
    assert len(manifests) <= 9
    live = [e for m in manifests for e in m.fetch_manifest_entry(table.io, discard_deleted=True)]
    assert {entry.data_file.file_path for entry in live} == _files(lake, "t")
    assert sum(row[1] == "new" for row in lake.plain_rows("t")) == 12
    assert len(lake.plain_rows("t")) == 20_000
