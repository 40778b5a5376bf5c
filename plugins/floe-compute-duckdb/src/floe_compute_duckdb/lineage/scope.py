"""What names mean inside one SELECT: the relations it reads and the columns they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from floe_compute_duckdb.lineage.edges import NONE, Edges


class Unresolved(Exception):
    """A name or a form of SQL that lineage does not follow; the engine has bound it all the same."""


@dataclass(frozen=True, slots=True)
class Col:
    """A column on its way: ``name`` as its query gives it, None where only the engine knows it."""

    name: str | None
    edges: Edges
    not_null: bool = False

    def named(self, name: str | None) -> Col:
        return Col(name, self.edges, self.not_null)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query gives: its columns, and what decides which rows there are and in which order."""

    columns: tuple[Col, ...]
    edges: Edges = NONE


class Source:
    """One relation of a FROM clause. ``opaque`` where its columns are known to the engine only."""

    def __init__(self, name: str, columns: Iterable[Col], *, opaque: bool = False) -> None:
        self.name = name.lower()
        self.opaque = opaque
        self.columns: dict[str, Col] = {}
        for position, column in enumerate(columns):
            key = _free(column.name, position, self.columns)
            alike = column.name is not None and key != column.name.lower()
            self.columns[key] = column.named(key) if alike else column
        self.hidden: set[str] = set()  # merged by USING into a column of an earlier relation

    def make_nullable(self) -> None:
        self.columns = {key: Col(col.name, col.edges) for key, col in self.columns.items()}

    def assert_not_null(self, key: str) -> None:
        column = self.columns[key]
        self.columns[key] = Col(column.name, column.edges, not_null=True)


def _free(name: str | None, position: int, taken: dict[str, Col]) -> str:
    """The name by which a column is found; of two alike DuckDB calls the second ``x_1``."""
    key = name.lower() if name is not None else f"\0{position}"
    count = 0
    free = key
    while free in taken:
        count += 1
        free = f"{key}_{count}"
    return free


@dataclass
class Scope:
    """The relations of one SELECT, what it has named so far, and the query around it."""

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    aliases: dict[str, Col] = field(default_factory=dict)
    merged: dict[str, Col] = field(default_factory=dict)  # columns of USING
    windows: dict[str, Edges] = field(default_factory=dict)
    locals: set[str] = field(default_factory=set)  # parameters of lambdas and comprehensions

    def column(self, path: Sequence[str], *, aliases_first: bool = False) -> tuple[Col, bool]:
        """The column a dotted name means, and whether the name goes on into the value's fields.

        Raises Unresolved when nothing in this query or around it has such a name.
        """
        names = [part.lower() for part in path]
        if names[0] in self.locals:
            return Col(None, NONE), True
        if aliases_first and len(names) == 1 and names[0] in self.aliases:
            return self.aliases[names[0]], False
        for scope in self._outward():
            if found := scope._here(names):
                return found
        raise Unresolved(".".join(path))

    def assert_not_null(self, path: Sequence[str]) -> None:
        """A condition that every row has passed leaves no NULL in a plain column of this very query."""
        *qualifiers, key = [part.lower() for part in path]
        if not qualifiers and key in self.merged:  # in an outer join that says nothing of either relation
            merged = self.merged[key]
            self.merged[key] = Col(merged.name, merged.edges, not_null=True)
            return
        source = (
            self.source(qualifiers[-1])
            if qualifiers
            else next((source for source in self.sources if key in source.columns), None)
        )
        if source and key in source.columns:
            source.assert_not_null(key)

    def make_nullable(self, sources: Iterable[Source], merged: Iterable[str]) -> None:
        """The side of an outer join that may be missing: its relations, and its columns of USING."""
        for source in sources:
            source.make_nullable()
        for key in merged:
            self.merged[key] = Col(self.merged[key].name, self.merged[key].edges)

    def source(self, name: str) -> Source | None:
        return next((source for source in self.sources if source.name == name.lower()), None)

    def visible(self) -> Iterator[tuple[str, Col]]:
        """What a star stands for, in order: a column of USING once."""
        for source in self.sources:
            yield from self.visible_in(source)

    def visible_in(self, source: Source, *, qualified: bool = False) -> Iterator[tuple[str, Col]]:
        if source.opaque:
            raise Unresolved(f"the columns of {source.name}")
        for key, column in source.columns.items():
            if key in source.hidden and not qualified:
                continue
            merged = None if qualified else self.merged.get(key)
            yield key, (merged.named(column.name) if merged else column)

    def _outward(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def _here(self, names: Sequence[str]) -> tuple[Col, bool] | None:
        """Relations go before columns with fields, columns before aliases; as in DuckDB."""
        for length in range(min(len(names), 4), 1, -1):  # catalog.schema.table.column, and fields after
            for at in range(length - 1, 0, -1):
                source = self.source(names[at - 1])
                if source and names[at] in source.columns:
                    return source.columns[names[at]], at + 1 < len(names)
        first = names[0]
        if first in self.merged:
            return self.merged[first], len(names) > 1
        for source in self.sources:
            if first in source.columns:
                return source.columns[first], len(names) > 1
        if first in self.aliases:
            return self.aliases[first], len(names) > 1
        return self._whole(names)

    def _whole(self, names: Sequence[str]) -> tuple[Col, bool] | None:
        """A relation's name as a value is the struct of its columns; an opaque one may have any column."""
        source = self.source(names[0])
        if source and not source.opaque and len(names) == 1:
            return Col(None, NONE.union(*(column.edges for column in source.columns.values()))), True
        opaque = [each for each in self.sources if each.opaque]
        if opaque and (len(names) == 1 or source in opaque or len(opaque) == len(self.sources)):
            return Col(names[-1], NONE), True
        return None
