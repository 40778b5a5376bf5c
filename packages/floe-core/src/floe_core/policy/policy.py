"""A policy of a platform's team, read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from floe_core.errors import Position
from floe_core.policy.schema import About


@dataclass(frozen=True)
class Policy:
    """A policy that floe can ask: ``required`` are the ids of what must be proven, with help for people."""

    path: Path
    about: About
    name: str
    source: str
    required: tuple[str, ...]
    help: dict[str, str]
    places: dict[str, Position]

    @property
    def package(self) -> str:
        return f"floe.{self.about}.{self.name}"
