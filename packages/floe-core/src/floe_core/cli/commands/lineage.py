"""``floe lineage``: which tables and columns a table is made from, and what is made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from floe_core.cli.artifact_files import Json, artifact_files, table_named
from floe_core.cli.completing import tables
from floe_core.cli.lineage_forms import dot, mermaid, tree
from floe_core.cli.lineage_graph import Column, Direction, Edge, LineageGraph, identifier, reached
from floe_core.cli.options import manifest_option, product_option
from floe_core.cli.output import Output, output_option, render, say
from floe_core.errors import Problem, SpecError
from floe_core.suggestion import did_you_mean
from floe_core.terminal import visible


@click.command()
@click.argument("table", required=False, shell_complete=tables)
@click.option("--column", metavar="COLUMN", help="One column of the table instead of all of it.")
@click.option("--up", is_flag=True, help="What it is made from; so it is without --down.")
@click.option("--down", is_flag=True, help="What is made from it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "dot", "mermaid", "json"]),
    default="text",
    show_default=True,
    help="'dot' is for Graphviz, 'mermaid' for Markdown, 'json' is what --output json prints. "
    "What decides which rows there are is in text and json.",
)
@product_option
@manifest_option
@output_option
def command(
    table: str | None,
    column: str | None,
    up: bool,
    down: bool,
    form: str,
    product: Path | None,
    manifest: Path | None,
    output: Output,
) -> None:
    """Show what a table is made from, as it was compiled last; without TABLE all of the platform.

    Tables of the product one stands in need no product's name.
    """
    if column and not table:
        raise click.UsageError("--column needs a TABLE")
    files = artifact_files(manifest)
    graph = LineageGraph(files)
    if table is None:
        lineage = Lineage(graph, None, {}, list(graph.of_tables()))
    else:
        _, node = table_named(table, files, product, manifest)
        start = Column(identifier(node), _column(node, column))
        ways: dict[Direction, bool] = {"up": up or not down, "down": down}
        lineage = _lineage(graph, start, [way for way, wanted in ways.items() if wanted])
    if output.json or form == "json":
        say(render(lineage.document()))
    elif form == "text":
        for line in lineage.lines():
            say(visible(line))
    else:
        draw = dot if form == "dot" else mermaid
        say(visible(draw(lineage.edges, lineage.start)))


@dataclass(frozen=True)
class Lineage:
    """What was found of a table or a column, each way; ``deciding`` says which rows there are."""

    graph: LineageGraph
    start: Column | None
    ways: Mapping[Direction, list[Edge]]
    edges: list[Edge]
    deciding: Sequence[Edge] = field(default=())

    def lines(self) -> Iterator[str]:
        if self.start is None:
            yield from (f"{edge.source} -> {edge.target}" for edge in self.edges)
            return
        for way, edges in self.ways.items():
            if len(self.ways) > 1:
                yield "made from:" if way == "up" else "made into:"
            yield from tree(self.start, edges, way) if edges else [self._nothing(self.start, way)]
        if self.deciding:
            yield "which rows there are is decided by:"
            yield from (f"   {edge.source}  {edge.transformation}" for edge in self.deciding)

    def document(self) -> dict[str, Any]:
        places = (place for edge in self.edges for place in (edge.source, edge.target))
        names = dict.fromkeys(place.table for place in (*([self.start] if self.start else []), *places))
        return {
            "table": self.start.table if self.start else None,
            "column": self.start.name if self.start else None,
            "tables": [self._table(name) for name in names],
            "edges": [_edge(edge) for edge in self.edges],
            "rows_decided_by": [_edge(edge) for edge in self.deciding],
        }

    def _table(self, name: str) -> dict[str, Any]:
        layer = self.graph.tables.get(name, {}).get("layer")
        return {"name": name, "layer": layer, "columns_known": self.graph.is_known(name)}

    def _nothing(self, start: Column, way: Direction) -> str:
        if way == "down":
            return f"{start}: nothing here is made from it"
        if start.name and not self.graph.is_known(start.table):
            return f"{start}: not known, its SQL could not be followed"
        return f"{start}: made from no other"


def _lineage(graph: LineageGraph, start: Column, wanted: Sequence[Direction]) -> Lineage:
    edges = list(graph.of_columns() if start.name else graph.of_tables())
    ways = {way: reached(edges, start, way) for way in wanted}
    found = list(dict.fromkeys(edge for part in ways.values() for edge in part))
    deciding = graph.deciding(start.table) if start.name and "up" in ways else ()
    return Lineage(graph, start, ways, found, deciding)


def _column(node: Json, column: str | None) -> str | None:
    """The column as the table spells it."""
    names: list[str] = [each["name"] for each in node["columns"]]
    if column is None or column in names:
        return column
    for name in names:
        if name.lower() == column.lower():  # as SQL would find it
            return name
    hint = did_you_mean(column, names) or f"one of {', '.join(names)}"
    raise SpecError(Problem("FLOE-E021", f"'{identifier(node)}' has no column '{column}'", hint=hint))


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "from": {"table": edge.source.table, "column": edge.source.name},
        "to": {"table": edge.target.table, "column": edge.target.name},
        "transformation": edge.transformation,
    }
