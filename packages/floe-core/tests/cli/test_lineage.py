"""Tables and columns followed over artifacts, drawn in each form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floe_core.cli.artifact_files import ArtifactFile
from floe_core.cli.lineage_forms import dot, mermaid, tree
from floe_core.cli.lineage_graph import Column, Edge, LineageGraph, reached
from floe_core.location import Location


def _node(
    name: str, *reads: str, stored: bool = True, **columns: list[tuple[str, str, str]]
) -> dict[str, Any]:
    """A node whose columns are made of (dataset, column, transformation)."""
    inputs = {
        column: [{"dataset": d, "column": c, "transformation": t} for d, c, t in made_of]
        for column, made_of in columns.items()
    }
    return {
        "unique_id": f"model.shop.{name}",
        "namespace": "shop",
        "table": name,
        "depends_on": [f"model.shop.{each}" for each in reads],
        "stored": stored,
        "lineage": "known",
        "row_inputs": [],
        "columns": [{"name": column, "inputs": made_of} for column, made_of in inputs.items()],
    }


def _graph(*nodes: dict[str, Any]) -> LineageGraph:
    content = {"seeds": [], "transforms": list(nodes), "sources": []}
    return LineageGraph([ArtifactFile(Location(Path("floe.yaml"), None), content)])


SHOP = _graph(
    _node("raw", id=[], amount=[]),
    _node(
        "tidy", "raw", id=[("shop.raw", "id", "IDENTITY")], amount=[("shop.raw", "amount", "TRANSFORMATION")]
    ),
    _node("between", "tidy", stored=False),
    _node(
        "mart",
        "between",
        "raw",
        total=[("shop.tidy", "amount", "AGGREGATION"), ("shop.raw", "id", "CONDITIONAL")],
    ),
)


@pytest.mark.requirement("FR-041")
def test_models_that_are_no_tables_are_walked_through() -> None:
    assert {(str(edge.source), str(edge.target)) for edge in SHOP.of_tables()} == {
        ("shop.raw", "shop.tidy"),
        ("shop.tidy", "shop.mart"),
        ("shop.raw", "shop.mart"),
    }


@pytest.mark.requirement("FR-041")
def test_a_tree_shows_each_way_once() -> None:
    up = reached(SHOP.of_tables(), Column("shop.mart"), "up")
    down = reached(SHOP.of_columns(), Column("shop.raw", "amount"), "down")

    assert list(tree(Column("shop.mart"), up, "up")) == [
        "shop.mart",
        "├─ shop.raw",
        "└─ shop.tidy",
        "   └─ shop.raw",
    ]
    assert list(tree(Column("shop.raw", "amount"), down, "down")) == [
        "shop.raw.amount",
        "└─ shop.tidy.amount  TRANSFORMATION",
        "   └─ shop.mart.total  AGGREGATION",
    ]


@pytest.mark.requirement("FR-041")
def test_dot_and_mermaid_draw_the_same_edges() -> None:
    edges = [
        Edge(Column("shop.tidy", 'the "sum"'), Column("shop.mart", "total"), "AGGREGATION"),
        Edge(Column("shop.raw"), Column("shop.tidy")),
    ]

    assert dot(edges) == (
        "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n"
        '  "shop.tidy.the \\"sum\\"" -> "shop.mart.total" [label="AGGREGATION"];\n'
        '  "shop.raw" -> "shop.tidy";\n}'
    )
    assert mermaid(edges) == (
        'flowchart LR\n  t0["shop.tidy.the #quot;sum#quot;"]\n  t1["shop.mart.total"]\n'
        '  t2["shop.raw"]\n  t3["shop.tidy"]\n  t0 -->|AGGREGATION| t1\n  t2 --> t3'
    )


@pytest.mark.requirement("FR-041")
def test_what_is_made_from_nothing_is_drawn_alone() -> None:
    raw = Column("shop.raw", "id")

    assert dot([], raw) == 'digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n  "shop.raw.id";\n}'
    assert mermaid([], raw) == 'flowchart LR\n  t0["shop.raw.id"]'


@pytest.mark.requirement("FR-041")
def test_a_chain_of_thousands_of_models_is_followed_to_its_end() -> None:
    chain = _graph(_node("m0"), *(_node(f"m{n}", f"m{n - 1}") for n in range(1, 3000)))

    lines = list(tree(Column("shop.m2999"), reached(chain.of_tables(), Column("shop.m2999"), "up"), "up"))

    assert (len(lines), lines[0], lines[-1].strip()) == (3000, "shop.m2999", "└─ shop.m0")
