"""What shape a table's Parquet files have: how large, in which row groups and encodings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyiceberg.types import NestedField

from floe_core.errors import Problem, SpecError
from floe_iceberg.table import TableView

UNIQUE_KEY = "floe.unique-key"  # on tables that rows have been merged into: what by
_LARGEST = 128 * 1024 * 1024
_UNKNOWN = 1024 * 1024  # a keyed table nothing is known of yet
ROW_GROUP = 122_880  # rows: what DuckDB writes, and hands to a thread, at once
_KEYED_ROW_GROUPS = (4_096, 61_440)
_PARTS, _MOST_PARTS = 16, 256
_ENCODINGS = "write.parquet.page-version"  # Iceberg's own names, this and the next two
_CODEC = "write.parquet.compression-codec"
_VECTORIZED = "read.parquet.vectorization.enabled"
_CODECS = {
    "zstd": "zstd, COMPRESSION_LEVEL 1",  # a sixth less CPU than the default level, 3 % more bytes
    "snappy": "snappy",
    "gzip": "gzip",
    "brotli": "brotli",
    "lz4": "lz4_raw",  # the only LZ4 that is the same everywhere, as PyIceberg writes it too
    "uncompressed": "uncompressed",
}


@dataclass(frozen=True)
class FileShape:
    """``bytes`` is about a file's size, ``encodings`` are those of Parquet's first or second version.

    ``compression`` is as DuckDB's COPY takes it.
    """

    bytes: int
    row_group: int
    encodings: Literal[1, 2]
    compression: str

    @property
    def full(self) -> int:
        """From how many bytes on a file is no small one."""
        return self.bytes * 3 // 4

    @property
    def is_small(self) -> bool:
        return self.row_group < ROW_GROUP

    @property
    def options(self) -> str:
        """As DuckDB's COPY takes them; the size is apart, it does not go with everything."""
        encoded = f"COMPRESSION {self.compression}, PARQUET_VERSION v{self.encodings}"
        return f"{encoded}, ROW_GROUP_SIZE {self.row_group}"


def file_shape(
    view: TableView | None, properties: Mapping[str, str], *, at_most: int = _LARGEST
) -> FileShape:
    """What files of the table are to be like, once it has these properties.

    A merge rewrites whole files and their old versions stay for a while, so that a keyed table is cut into
    some dozens of files, a large one into some hundreds: none of them so small that reading many would
    cost more than it spares. Raises SpecError for a codec there is not.
    """
    encodings: Literal[1, 2] = 1 if properties.get(_ENCODINGS) == "1" else 2
    compression = _compression(properties.get(_CODEC, "zstd"))
    if UNIQUE_KEY not in properties:
        return FileShape(at_most, ROW_GROUP, encodings, compression)
    least, most = _KEYED_ROW_GROUPS
    total = _bytes(view)
    if view is None or not total or not view.rows:
        return FileShape(min(_UNKNOWN, at_most), most, encodings, compression)
    row_group = min(max(view.rows // _PARTS, least), most)
    parts = min(-(-view.rows // row_group), _MOST_PARTS)
    return FileShape(min(total // parts, at_most), row_group, encodings, compression)


def _compression(codec: str) -> str:
    known = _CODECS.get(codec.lower())
    if known is None:
        raise SpecError(
            Problem(
                "FLOE-E427", f"{_CODEC}: files cannot be compressed with '{codec}'", hint=", ".join(_CODECS)
            )
        )
    return known


def keyed(unique_key: Sequence[str]) -> Mapping[str, str]:
    """The property of a table whose rows are merged by the key."""
    return {UNIQUE_KEY: ", ".join(unique_key)} if unique_key else {}


def unique_key(view: TableView) -> list[NestedField]:
    """The columns that rows were last merged by; none where that cannot be told."""
    said = view.table.metadata.properties.get(UNIQUE_KEY, "").split(", ")
    fields = {field.name.lower(): field for field in view.schema.fields}
    found = [fields.get(name.lower()) for name in said]
    return [field for field in found if field] if all(found) else []


def told_to_readers(properties: Mapping[str, str]) -> Mapping[str, str]:
    """What is to be added to a table's properties for its files to be read by everybody.

    The vectorized reader of Iceberg for Spark knows the newer encodings of integers from 1.10 on, those of
    text and doubles from 1.11 on; its other reader knows them all, in every version.
    """
    if _VECTORIZED in properties or properties.get(_ENCODINGS) == "1":
        return {}
    return {_VECTORIZED: "false"}


def _bytes(view: TableView | None) -> int:
    said = view.snapshot.summary if view and view.snapshot else None
    return int((said and said["total-files-size"]) or 0)
