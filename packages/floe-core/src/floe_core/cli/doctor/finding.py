"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from floe_core.cli.door import problems_raised
from floe_core.errors import Problem

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, and what it said or what is wrong with it."""

    what: str
    said: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def state(self) -> State:
        if not self.problems:
            return "ok"
        return "wrong" if any(problem.severity == "error" for problem in self.problems) else "warning"


def examined(what: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """The findings of a check; where it cannot go on, why, as a finding of its own."""
    findings: list[Finding] = []
    if problems := problems_raised(lambda: findings.extend(check())):
        findings.append(Finding(what, problems=tuple(problems)))
    return findings
