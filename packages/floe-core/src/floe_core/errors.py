"""The one tree of errors, and the shape every problem is shown in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file a person wrote; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    @classmethod
    def of(cls, path: Path, line: int = 1, column: int = 1) -> Position:
        """A place in ``path``, named as seen from the working directory."""
        return cls(shown(path), line, column)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


def shown(path: Path) -> str:
    """A path as people would type it here: relative, unless that is the longer way."""
    absolute = os.path.normpath(Path.cwd() / path)
    return min(os.path.relpath(absolute), absolute, key=len)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: what it is, where it stands, what to type next."""

    code: str
    message: str
    at: Position | None = None
    hint: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.code} {self.message}{hint}"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file, line and column; those without a place first."""
    return sorted(problems, key=lambda problem: (problem.at is not None, problem.at, problem.message))


class FloeError(Exception):
    """The base of every error floe raises on purpose; carries one problem or several."""

    exit_status = 1

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SpecError(FloeError):
    """What was typed is wrong: a file, a key, a value, a SQL text, a command line."""

    exit_status = 2


class PolicyError(FloeError):
    """A policy or a gate refused."""

    exit_status = 3


class PluginError(FloeError):
    """A plugin is missing, ambiguous, incompatible or misconfigured."""

    exit_status = 2


class ServiceError(FloeError):
    """A service could not be reached or answered badly."""

    exit_status = 4


class WorkError(FloeError):
    """The work itself failed: a model, a test, a commit, a full disk."""


class ConflictError(WorkError):
    """Somebody else is at it or was faster: a running run, a moved table."""


class IncompatibleChange(FloeError):
    """A change would break somebody who reads the table."""
