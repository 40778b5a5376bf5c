"""Column lineage of generated chains of models is, edge by edge, what the generator knows of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from floe_compute_duckdb import DuckDB
from floe_core.plugins.compute import Column, Relation

Edge = tuple[str, str, str]
_DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")


@dataclass(frozen=True)
class Frame:
    """What stands behind a name in FROM, and from where in the model's inputs each column of it comes."""

    name: str
    columns: dict[str, set[Edge]]
    rows: set[Edge] = field(default_factory=set)

    def deciding(self, kind: str, *columns: str) -> set[Edge]:
        return self.rows | {edge for column in columns for edge in used(kind, self.columns[column])}


Step = tuple[str, dict[str, set[Edge]], set[Edge]]
"""A query, and from where its columns and its rows come."""


def used(kind: str, edges: Iterable[Edge]) -> set[Edge]:
    """Of a column that is used so: what is indirect stays so, and the strongest direct use counts."""
    if kind not in _DIRECT:
        return {(table, column, kind) for table, column, _ in edges}
    return {
        (table, column, max(before, kind, key=_DIRECT.index) if before in _DIRECT else before)
        for table, column, before in edges
    }


def rename(dice: random.Random, frames: list[Frame]) -> Step:
    frame = dice.choice(frames)
    kept = dice.sample(sorted(frame.columns), k=min(3, len(frame.columns)))
    names = ", ".join(f"{column} as {column}x" for column in kept)
    return f"select {names} from {frame.name}", {f"{c}x": frame.columns[c] for c in kept}, frame.rows


def compute(dice: random.Random, frames: list[Frame]) -> Step:
    frame = dice.choice(frames)
    a, b = dice.choices(sorted(frame.columns), k=2)
    made = used("TRANSFORMATION", frame.columns[a] | frame.columns[b])
    name = max(frame.columns, key=len) + "m"  # no other is as long
    return f"select *, {a} + {b} * 2 as {name} from {frame.name}", frame.columns | {name: made}, frame.rows


def choose(dice: random.Random, frames: list[Frame]) -> Step:
    frame = dice.choice(frames)
    a, b, c = dice.choices(sorted(frame.columns), k=3)
    made = used("TRANSFORMATION", frame.columns[b]) | used("CONDITIONAL", frame.columns[a])
    sql = f"select {c} as kept, case when {a} > 1 then {b} end as made from {frame.name} where {c} > 0"
    return sql, {"kept": frame.columns[c], "made": made}, frame.deciding("FILTER", c)


def join(dice: random.Random, frames: list[Frame]) -> Step:
    left, right = dice.choices(frames, k=2)
    key, a = dice.choices(sorted(left.columns), k=2)
    other, b = dice.choices(sorted(right.columns), k=2)
    side = dice.choice(["join", "left join"])
    sql = (
        f"select l.{a} as from_left, r.{b} as from_right from {left.name} as l"
        f" {side} {right.name} as r on l.{key} = r.{other}"
    )
    rows = left.deciding("JOIN", key) | right.deciding("JOIN", other)
    return sql, {"from_left": left.columns[a], "from_right": right.columns[b]}, rows


def aggregate(dice: random.Random, frames: list[Frame]) -> Step:
    frame = dice.choice(frames)
    key, a = dice.choices(sorted(frame.columns), k=2)
    columns = {"grp": frame.columns[key], "top": used("AGGREGATION", frame.columns[a]), "n": set[Edge]()}
    sql = f"select {key} as grp, max({a} + 1) as top, count(*) as n from {frame.name} group by {key}"
    return sql, columns, frame.deciding("GROUP_BY", key)


def union(dice: random.Random, frames: list[Frame]) -> Step:
    above, below = dice.choices(frames, k=2)
    a, b = dice.choices(sorted(above.columns), k=2)
    c, d = dice.choices(sorted(below.columns), k=2)
    sql = f"select {a} as one, {b} as two from {above.name} union all select {c}, {d} from {below.name}"
    columns = {"one": above.columns[a] | below.columns[c], "two": above.columns[b] | below.columns[d]}
    return sql, columns, above.rows | below.rows


def number(dice: random.Random, frames: list[Frame]) -> Step:
    frame = dice.choice(frames)
    a, b = dice.choices(sorted(frame.columns), k=2)
    sql = f"select {a} as kept, row_number() over (order by {b}) as place from {frame.name}"
    return sql, {"kept": frame.columns[a], "place": used("WINDOW", frame.columns[b])}, frame.rows


STEPS: tuple[Callable[[random.Random, list[Frame]], Step], ...] = (
    rename,
    compute,
    choose,
    join,
    aggregate,
    union,
    number,
)


def model(dice: random.Random, name: str, inputs: dict[str, list[str]]) -> tuple[Relation, Frame]:
    """A model of one to four steps, all but the last in common table expressions."""
    relations = [
        Frame(table, {column: {(table, column, "IDENTITY")} for column in columns})
        for table, columns in inputs.items()
    ]
    steps: list[Frame] = []
    texts: list[str] = []
    for at in range(dice.randint(1, 4)):
        sql, columns, rows = dice.choice(STEPS)(dice, [*steps[-1:] * 3, *relations])
        steps.append(Frame(f"step_{at}", columns, rows))
        texts.append(sql)
    named = ", ".join(f"{step.name} as ({text})" for step, text in zip(steps, texts[:-1], strict=False))
    sql = f"with {named} {texts[-1]}" if named else texts[-1]
    return Relation(name, "shop", name, sql, depends_on=tuple(inputs)), steps[-1]


@pytest.mark.requirement("FR-041", "FR-094")
@pytest.mark.parametrize("seed", range(4))
def test_the_edges_of_a_generated_chain_are_those_it_was_made_with(seed: int) -> None:
    dice = random.Random(seed)
    tables = {"raw_a": ["a", "b", "c"], "raw_b": ["a", "d"]}
    chain = [
        Relation(name, "shop", name, columns=tuple(Column(column, "INTEGER") for column in columns))
        for name, columns in tables.items()
    ]
    meant: dict[str, Frame] = {}
    for at in range(40):
        names = dice.sample(sorted(tables)[-6:], k=2)
        relation, frame = model(dice, f"m{at:02}", {name: tables[name] for name in names})
        chain.append(relation)
        meant[relation.unique_id] = frame
        tables[relation.unique_id] = list(frame.columns)

    proofs = DuckDB().prove(chain, working_dir=Path())

    for relation in chain[2:]:
        lineage, frame = proofs[relation.unique_id].lineage, meant[relation.unique_id]
        assert lineage is not None, (relation.sql, proofs[relation.unique_id])
        assert lineage.columns is not None, relation.sql
        found = dict(zip(frame.columns, map(set, lineage.columns), strict=True))
        assert (relation.sql, found) == (relation.sql, frame.columns)
        assert (relation.sql, set(lineage.rows)) == (relation.sql, frame.rows)
