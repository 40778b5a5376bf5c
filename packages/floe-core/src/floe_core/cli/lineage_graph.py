"""Which tables and columns are made from which, over all products of a platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from floe_core.cli.artifact_files import ArtifactFile, Json

Direction = Literal["up", "down"]


class Column(NamedTuple):
    """A column by its table (``namespace.table``) and its name; a table as a whole has no name."""

    table: str
    name: str | None = None

    def __str__(self) -> str:
        return self.table if self.name is None else f"{self.table}.{self.name}"


@dataclass(frozen=True, slots=True)
class Edge:
    """``target`` is made from ``source``, in the words of OpenLineage's column lineage for columns."""

    source: Column
    target: Column
    transformation: str | None = None


class LineageGraph:
    """The artifacts' tables and columns, looked up in both directions."""

    def __init__(self, files: Sequence[ArtifactFile]) -> None:
        self._files = files

    @cached_property
    def tables(self) -> Mapping[str, Json]:
        """Every seed and model that is a table, and every source that no product here writes."""
        found = {identifier(source): source for file in self._files for source in file.content["sources"]}
        return found | {identifier(node): node for file in self._files for node in file.tables()}

    def of_tables(self) -> Iterator[Edge]:
        """The edges between tables; models that are none are walked through."""
        for file in self._files:
            above = {node["unique_id"]: node.get("depends_on", ()) for node in file.nodes()}
            tables = (*file.tables(), *file.content["sources"])
            named = {table["unique_id"]: Column(identifier(table)) for table in tables}
            for unique_id, target in named.items():
                sources = {named[found] for found in _walk(unique_id, above, named)}
                yield from (Edge(source, target) for source in sorted(sources))

    def of_columns(self) -> Iterator[Edge]:
        """The edges between columns, as the artifacts have them."""
        for file in self._files:
            for node in file.tables():
                table = identifier(node)
                for column in node["columns"]:
                    target = Column(table, column["name"])
                    for each in column["inputs"]:
                        yield Edge(Column(each["dataset"], each["column"]), target, each["transformation"])

    def deciding(self, table: str) -> list[Edge]:
        """The columns that decide which rows the table has."""
        rows: Sequence[Json] = self.tables[table].get("row_inputs", ())
        return [
            Edge(Column(each["dataset"], each["column"]), Column(table), each["transformation"])
            for each in rows
        ]

    def is_known(self, table: str) -> bool:
        """Whether it is known what the columns of the table are made from."""
        known: str = self.tables.get(table, {}).get("lineage", "known")
        return known == "known"


def reached(edges: Iterable[Edge], start: Column, direction: Direction) -> list[Edge]:
    """Every edge on the way up or down from the start, breadth first, each once."""
    beyond: dict[Column, list[Edge]] = defaultdict(list)
    for edge in edges:
        beyond[edge.target if direction == "up" else edge.source].append(edge)
    found, seen, waiting = list[Edge](), {start}, [start]
    for place in waiting:
        for edge in beyond.get(place, ()):
            found.append(edge)
            there = edge.source if direction == "up" else edge.target
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    return found


def identifier(node: Json) -> str:
    """A table by namespace and name."""
    return f"{node['namespace']}.{node['table']}"


def _walk(unique_id: str, above: Mapping[str, Sequence[str]], named: Mapping[str, Column]) -> Iterator[str]:
    for each in above.get(unique_id, ()):
        if each in named:
            yield each
        else:
            yield from _walk(each, above, named)
