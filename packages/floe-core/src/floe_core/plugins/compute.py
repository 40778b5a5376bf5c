"""The engine that computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, NamedTuple

from floe_core.errors import Problem
from floe_core.inlined_views import InlinedView
from floe_core.lake import Lake
from floe_core.plugins.base import Plugin
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.lineage import Transformation


@dataclass(frozen=True)
class Column:
    """A column as the engine names its type."""

    name: str
    type: str


class ColumnInput(NamedTuple):
    """A column that another one, or a whole table, depends on."""

    relation: str
    column: str
    transformation: Transformation


@dataclass(frozen=True)
class Lineage:
    """Which columns of other relations a query reads, and what it makes of them.

    ``columns`` are the inputs of each of its columns, in their order (None where that cannot be told),
    ``rows`` those that decide which rows there are, ``others`` the columns it names besides, as
    (relation, column): without them it does not bind either.
    """

    columns: tuple[tuple[ColumnInput, ...], ...] | None
    rows: tuple[ColumnInput, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Relation:
    """A relation to prove, in dependency order.

    Either ``sql`` (bind it as a view) or ``columns`` (an empty, typed table: seeds, described
    sources); with neither, it is deferred and so is everything that reads it. ``database`` is the
    catalog's name. ``incremental_sql`` is the SQL of a run that finds the table there, if it
    differs. ``not_null`` are the columns in which no published row has NULL, because a test
    or a constraint sees to it. One that is not ``stored`` is a query only: its columns keep the types that
    the engine computes with.
    """

    unique_id: str
    schema: str
    name: str
    sql: str | None = None
    columns: tuple[Column, ...] | None = None
    depends_on: tuple[str, ...] = ()
    database: str = "floe"
    not_null: frozenset[str] = frozenset()
    incremental_sql: str | None = None
    stored: bool = True


@dataclass(frozen=True)
class BindError:
    """Why a query does not bind; line and column count from 1 in the compiled SQL.

    ``incremental`` if that is the SQL of a run that finds the table there.
    """

    message: str
    line: int = 1
    column: int = 1
    incremental: bool = False


@dataclass(frozen=True)
class Proof:
    """What binding showed: the columns, an error, or neither (deferred).

    ``not_null`` are the columns that can never hold NULL. ``lineage`` is told of models and snapshots.
    ``reads`` are the relations whose columns all of that depends on; None where something else may do
    so, such as a file.
    """

    columns: tuple[Column, ...] | None = None
    error: BindError | None = None
    not_null: frozenset[str] = frozenset()
    lineage: Lineage | None = None
    reads: tuple[str, ...] | None = None


Earlier = Callable[[Relation, Mapping[str, Proof]], Proof | None]
"""Asked for an earlier proof that still holds for a relation, given the proofs of those before it."""


@dataclass(frozen=True)
class QueryResult:
    """Rows of JSON-ready values: decimals, times and binaries as text, NULL as None."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]


class ComputePlugin(Plugin, ABC):
    """An engine that runs SQL over the lake's tables.

    ``protocols`` are those of the catalogs it opens, ``schemes`` those of the storages it reads and writes;
    who declares none is taken to speak all.
    """

    protocols: ClassVar[frozenset[str]] = frozenset()
    schemes: ClassVar[frozenset[str]] = frozenset()

    def tmp_dir(self, state_dir: Path) -> Path:
        """Where engines put what does not fit into memory."""
        return state_dir / "tmp"

    @abstractmethod
    def dbt_output(self, *, catalog_name: str, product: str, schema: str) -> dict[str, object]:
        """The ``outputs:`` entry of the generated profile; constant, without paths or secrets."""

    @abstractmethod
    def unsupported(self, node: ParsedNode) -> str | None:
        """What of this node the engine's adapter cannot do yet, as the end of 'X: ...'; else None."""

    def layout_problems(self, node: ParsedNode, columns: Sequence[Column]) -> Sequence[Problem]:
        """What of how the node's config cuts and orders its files does not fit its columns."""
        return ()

    @abstractmethod
    def type_name(self, written: str) -> str | None:
        """How the engine calls a type that somebody wrote, once the lake has kept it; None if it cannot."""

    @abstractmethod
    def prove(
        self, relations: Sequence[Relation], working_dir: Path, earlier: Earlier
    ) -> Mapping[str, Proof]:
        """Bind each relation over the ones before it, over empty tables; by unique id.

        A relation whose upstream is deferred or failed is deferred, so that one mistake is told once.
        ``working_dir`` is where relative paths of file sources start. What ``earlier`` answers is taken
        as it is.
        """

    @abstractmethod
    def query(
        self,
        lake: Lake,
        sql: str,
        *,
        schema: str | None,
        as_of: datetime | int | str | None = None,
        run_id: str | None = None,
        views: Sequence[InlinedView] = (),
        tmp: Path | None = None,
    ) -> QueryResult:
        """Run one reading statement over the published tables, and over ``views`` of them.

        ``schema`` is where unqualified names are looked up. ``as_of`` reads the tables as they were at a
        time, at the snapshot of an id, or at a tag; ``run_id`` reads what a run has left unpublished. What
        does not fit into memory is spilled into ``tmp``. Raises SpecError for SQL that does not bind, for
        anything but a query, and where there is nothing (any more) to read as of then or of that run.
        """
