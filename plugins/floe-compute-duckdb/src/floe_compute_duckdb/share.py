"""What DuckDB may use of the machine: limits for the platform, shared by the engines that work at once."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from floe_compute_duckdb.names import literal
from floe_compute_duckdb.session import settle
from floe_iceberg import Seat

_EVERY_S = 0.2
_UNITS = {
    unit: base**power
    for base, suffix in ((1000, "B"), (1024, "iB"))
    for power, unit in enumerate((f"{prefix}{suffix}" for prefix in "KMGT"), start=1)
}


@dataclass(frozen=True)
class Limits:
    """For all products of a platform together; None is what DuckDB takes: 80 % of memory, every core."""

    memory: str | None = None
    cores: int | None = None


@contextmanager
def reader(limits: Limits, tmp: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory to read with, kept to its share among those that work over one state."""
    connection = duckdb.connect(":memory:")
    with ExitStack() as ending:
        settle(connection)
        if tmp is not None:
            with suppress(OSError):  # on a full disk it reads all the same
                ending.callback(Share(connection, limits, tmp).leave)
        ending.callback(connection.close)
        yield connection


class Share:
    """Keeps an engine to its part of the limits, for as long as it sits among others."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits, tmp: Path) -> None:
        self._connection = connection
        self._seat = Seat(tmp)
        self._memory = _memory_of(connection, limits.memory)
        self._cores = limits.cores or len(os.sched_getaffinity(0))
        self._set: tuple[int, int] | None = None
        self._looked_at = 0.0
        connection.execute(f"set global temp_directory = {literal(str(self._seat.folder))}")
        self.settle()

    def settle(self) -> None:
        """Take what is this engine's share now; looks around a few times a second at most."""
        now = time.monotonic()
        if self._looked_at and now < self._looked_at + _EVERY_S:
            return
        self._looked_at = now
        taken = self._seat.taken()
        share = (self._memory // taken, max(1, self._cores // taken))
        if share == self._set:
            return
        with suppress(duckdb.OutOfMemoryException):  # it holds more just now: asked again with the next query
            self._connection.execute(f"set global threads = {share[1]}")
            self._connection.execute(f"set global memory_limit = '{share[0]}B'")
            self._set = share

    def leave(self) -> None:
        """Give the share to the others; what was spilled is gone."""
        self._seat.leave()


def _memory_of(connection: duckdb.DuckDBPyConnection, limit: str | None) -> int:
    """In bytes; a percentage is one of what DuckDB takes for the whole memory."""
    if limit is None:
        return _bytes(_setting(connection, "memory_limit"))
    connection.execute(f"set global memory_limit = {literal(limit)}")
    return _bytes(limit) if not limit.endswith("%") else _bytes(_setting(connection, "memory_limit"))


def _setting(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    [[value]] = connection.execute(f"select current_setting({literal(name)})").fetchall()
    return str(value)


def _bytes(size: str) -> int:
    found = re.fullmatch(r"([\d.]+)\s*(\w+)", size)
    assert found  # the configuration's pattern, or DuckDB's own words
    units = {unit.lower(): factor for unit, factor in _UNITS.items()} | {"bytes": 1}
    return int(float(found[1]) * units[found[2].lower()])
