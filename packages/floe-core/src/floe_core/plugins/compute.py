"""The engine that computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from floe_core.lake import Lake
from floe_core.plugins.base import Plugin
from floe_core.plugins.dbt import ParsedNode


@dataclass(frozen=True)
class Column:
    """A column as the engine names its type."""

    name: str
    type: str


@dataclass(frozen=True)
class Relation:
    """A relation to prove, in dependency order.

    Either ``sql`` (bind it as a view) or ``columns`` (an empty, typed table: seeds, described
    sources); with neither, it is deferred and so is everything that reads it. ``database`` is the
    catalog's name.
    """

    unique_id: str
    schema: str
    name: str
    sql: str | None = None
    columns: tuple[Column, ...] | None = None
    depends_on: tuple[str, ...] = ()
    database: str = "floe"


@dataclass(frozen=True)
class BindError:
    """Why a query does not bind; line and column count from 1 in the compiled SQL."""

    message: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Proof:
    """What binding showed: the columns, an error, or neither (deferred)."""

    columns: tuple[Column, ...] | None = None
    error: BindError | None = None


@dataclass(frozen=True)
class QueryResult:
    """Rows of JSON-ready values: decimals, times and binaries as text, NULL as None."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]


class ComputePlugin(Plugin, ABC):
    """An engine that runs SQL over the lake's tables."""

    @abstractmethod
    def dbt_output(self, *, catalog_name: str, product: str, schema: str) -> dict[str, object]:
        """The ``outputs:`` entry of the generated profile; constant, without paths or secrets."""

    @abstractmethod
    def unsupported(self, node: ParsedNode) -> str | None:
        """What of this node the engine's adapter cannot do yet, as the end of 'X: ...'; else None."""

    @abstractmethod
    def prove(self, relations: Sequence[Relation], working_dir: Path) -> Mapping[str, Proof]:
        """Bind each relation over the ones before it, over empty tables; by unique id.

        A relation whose upstream is deferred or failed is deferred, so that one mistake is told once.
        ``working_dir`` is where relative paths of file sources start.
        """

    @abstractmethod
    def query(
        self,
        lake: Lake,
        sql: str,
        *,
        schema: str | None,
        as_of: datetime | int | None = None,
        run_id: str | None = None,
    ) -> QueryResult:
        """Run one reading statement over the published tables.

        ``schema`` is where unqualified names are looked up. ``as_of`` reads the tables as they were at a
        time, or at the snapshot of an id; ``run_id`` reads what a run has left unpublished. Raises
        SpecError for SQL that does not bind, for anything but a query, and where there is nothing (any
        more) to read as of then or of that run.
        """
