"""Tests that no run will run: who wrote them believes that they are passed."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.plan import Plan
from floe_core.errors import Position, Problem
from floe_core.plugins.dbt import LeftOut
from floe_core.suggestion import did_you_mean


def left_out_tests(plan: Plan) -> Iterator[Problem]:
    """A warning for each test that reads what nobody has: dbt leaves it out and passes."""
    nodes = plan.project.nodes
    known = {node.name for node in nodes if node.resource_type in ("model", "seed", "snapshot")}
    for test in plan.project.left_out:
        if test.missing is None:
            continue
        message = f"test '{test.name}' is left out: it reads '{test.missing}', which is not there"
        guess = did_you_mean(test.missing, known) or ""
        hint = guess if guess.startswith("did") else "mend the name, or delete the test"
        yield Problem("FLOE-E477", message, _place(plan, test), hint, severity="warning")


def _place(plan: Plan, test: LeftOut) -> Position:
    """The first line of its file that says what is missing."""
    path = plan.dbt_location.project_dir / test.path
    last = (test.missing or "").rpartition(".")[2]
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    found = ((number, line.index(last)) for number, line in enumerate(lines, 1) if last in line)
    line, column = next(found, (1, 0))
    return Position.of(path, line, column + 1)
