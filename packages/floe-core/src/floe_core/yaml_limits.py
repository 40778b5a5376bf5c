"""YAML that somebody else builds a tree of: none that would end the process, or fill the memory."""

from __future__ import annotations

from pathlib import Path

import yaml

from floe_core.errors import Position, Problem, SpecError
from floe_core.yaml_reader import MAX_DEPTH, MAX_NODES


def refuse_beyond_limits(content: bytes, path: Path) -> None:
    """Raise SpecError for what is nested deep or repeated often; whoever builds the tree tells the rest."""
    walk = _Walk(path)
    try:
        for event in yaml.parse(content, Loader=yaml.CSafeLoader):
            walk.see(event)
    except (yaml.YAMLError, UnicodeDecodeError):
        return


class _Walk:
    """Counts along the events; ``_repeated`` are the values that aliases stand for, theirs resolved."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._anchors: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []
        self._written = 0
        self._repeated = 0

    def see(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self._written + self._repeated))
            self._written += 1
            if len(self._open) > MAX_DEPTH:
                raise self._refusal(event, "FLOE-E111", f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            if anchor is not None:
                self._anchors[anchor] = self._written + self._repeated - before
        elif isinstance(event, yaml.ScalarEvent):
            self._written += 1
            if event.anchor is not None:
                self._anchors[event.anchor] = 1

    def _alias(self, event: yaml.AliasEvent) -> None:
        name = event.anchor or ""
        if any(anchor == name for anchor, _ in self._open):
            message = f"alias '*{name}' stands within '&{name}' itself"
            raise self._refusal(event, "FLOE-E108", message)
        self._repeated += self._anchors.get(name, 1)
        if self._repeated > MAX_NODES:
            raise self._refusal(event, "FLOE-E108", f"more than {MAX_NODES:,} repeated values")

    def _refusal(self, event: yaml.Event, code: str, message: str) -> SpecError:
        mark = event.start_mark
        assert mark is not None  # the parser marks every event
        at = Position.of(self._path, mark.line + 1, mark.column + 1)
        hint = "write the values out" if code == "FLOE-E108" else None
        return SpecError(Problem(code, message, at, hint))
