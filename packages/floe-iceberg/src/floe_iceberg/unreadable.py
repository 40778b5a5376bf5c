"""Data files that the machine does not let DuckDB read: told as floe's own matter, not as the query's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from floe_core.errors import Problem, WorkError

_OURS = re.compile(r'"(?P<path>[^"]*/data/[0-9a-f]{32}/[^"]*\.parquet)"')

_GLOB = re.compile(r"\[([\[*?])\]")  # what ``path_list`` makes of signs that stand for others


def unreadable(error: duckdb.Error) -> WorkError | None:
    """What is to be told instead where the error is of a file that floe wrote; None for any other."""
    found = _OURS.search(str(error)) if isinstance(error, duckdb.IOException) else None
    if found is None:
        return None
    path, reason = found["path"], str(error)[found.end() :].partition("\n")[0].removeprefix(": ")
    if "match the pattern" in str(error):
        path, reason = _GLOB.sub(r"\1", path), "it is gone"
    return WorkError(
        Problem(
            "FLOE-E613",
            f"cannot read '{path}': {reason}",
            hint="see to the disk, its rights and the limit of open files (ulimit -n), then run again",
        )
    )


@contextmanager
def reading_files() -> Iterator[None]:
    """What DuckDB raises for anything else is passed on as it is."""
    try:
        yield
    except duckdb.IOException as error:
        told = unreadable(error)
        if told is None:
            raise
        raise told from error
