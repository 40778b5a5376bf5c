"""Where the schema stands in a Parquet file, found without an engine: binding sees nothing else of it."""

from __future__ import annotations

import os
from typing import BinaryIO

_MAGIC = b"PAR1"
_AT_MOST = 1 << 24  # of a footer, which tells of each row group, too
_VARINT = (4, 5, 6)
_STRUCT = 12


def schema_bytes(file: BinaryIO) -> bytes:
    """The schema as it is written; nothing for what is no Parquet file.

    The footer is Thrift's compact protocol: a struct whose second field is the schema.
    https://parquet.apache.org/docs/file-format/metadata/
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 8, 0))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MAGIC or not 0 < length <= min(size - 8, _AT_MOST):
        return b""
    file.seek(size - 8 - length)
    footer = file.read(length)
    try:
        version_ends = _skipped(footer, 1, footer[0] & 15, 0)
        return footer[version_ends : _skipped(footer, version_ends + 1, footer[version_ends] & 15, 0)]
    except (IndexError, ValueError):
        return b""


def _skipped(text: bytes, at: int, kind: int, depth: int) -> int:
    """Where a value of that kind ends that begins at ``at``; raises IndexError or ValueError for nonsense."""
    if kind in (1, 2):
        return at
    if kind == 3:
        return at + 1
    if kind in _VARINT:
        return _varint(text, at)[1]
    if kind == 7:
        return at + 8
    if kind == 8:
        length, at = _varint(text, at)
        return at + length
    if kind in (9, 10) and depth < 16:
        return _list_skipped(text, at, depth)
    if kind == _STRUCT and depth < 16:
        while text[at]:
            field = text[at]
            at = at + 1 if field >> 4 else _varint(text, at + 1)[1]
            at = _skipped(text, at, field & 15, depth + 1)
        return at + 1
    raise ValueError(f"kind {kind}")


def _list_skipped(text: bytes, at: int, depth: int) -> int:
    size, kind = text[at] >> 4, text[at] & 15
    at += 1
    if size == 15:
        size, at = _varint(text, at)
    for _ in range(size):
        if at >= len(text):
            raise ValueError("cut off")
        at = at + 1 if kind in (1, 2) else _skipped(text, at, kind, depth + 1)
    return at


def _varint(text: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (text[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if not text[at - 1] & 128:
            return value, at
