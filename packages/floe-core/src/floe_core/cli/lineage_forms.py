"""Lineage as a tree for people, and as text for programs that draw."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

from floe_core.cli.lineage_graph import Column, Direction, Edge

_Branches = dict[Column, dict[Column, list[str]]]


def tree(start: Column, edges: Sequence[Edge], direction: Direction) -> Iterator[str]:
    """What the start is made from, or what is made from it; what was shown already is not shown again."""
    branches = _branches(edges, direction)
    yield str(start)
    shown, stack = {start}, [("", list(branches[start].items()))]
    while stack:  # a chain of thousands of models is deeper than Python calls may be
        indent, left = stack[-1]
        if not left:
            stack.pop()
            continue
        place, how = left.pop(0)
        again = place in shown and bool(branches.get(place))
        said = f"  {', '.join(how)}" if how else ""
        yield f"{indent}{'├─' if left else '└─'} {place}{said}{'  (shown above)' if again else ''}"
        if not again:
            shown.add(place)
            stack.append((f"{indent}{'│  ' if left else '   '}", list(branches[place].items())))


def _branches(edges: Sequence[Edge], direction: Direction) -> _Branches:
    branches: _Branches = defaultdict(lambda: defaultdict(list))
    for edge in edges:
        here, there = (edge.target, edge.source) if direction == "up" else (edge.source, edge.target)
        branches[here][there] += [edge.transformation] if edge.transformation else []
    return branches


def dot(edges: Sequence[Edge], start: Column | None = None) -> str:
    """For Graphviz; the start is there though nothing leads to it."""
    alone = [f"  {_quoted(start)};"] if start and not edges else []
    arrows = [f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{_label(edge)};" for edge in edges]
    return "\n".join(["digraph lineage {", "  rankdir=LR;", "  node [shape=box];", *alone, *arrows, "}"])


def mermaid(edges: Sequence[Edge], start: Column | None = None) -> str:
    """For Markdown pages that draw Mermaid; the start is there though nothing leads to it."""
    alone = [start] if start and not edges else []
    places = dict.fromkeys([*alone, *(place for edge in edges for place in (edge.source, edge.target))])
    number = {place: f"t{at}" for at, place in enumerate(places)}
    nodes = [f'  {name}["{_escaped(str(place))}"]' for place, name in number.items()]
    arrows = [f"  {number[edge.source]} -->{_word(edge)} {number[edge.target]}" for edge in edges]
    return "\n".join(["flowchart LR", *nodes, *arrows])


def _quoted(place: Column) -> str:
    return json.dumps(str(place), ensure_ascii=False)


def _label(edge: Edge) -> str:
    return f' [label="{edge.transformation}"]' if edge.transformation else ""


def _word(edge: Edge) -> str:
    return f"|{edge.transformation}|" if edge.transformation else ""


def _escaped(text: str) -> str:
    return text.replace("#", "#35;").replace('"', "#quot;")
