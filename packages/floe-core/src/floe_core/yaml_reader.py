"""Building a tree from the events of a YAML text, within limits, with the place of everything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from floe_core.errors import Position, Problem, SpecError, in_order, shown

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_ALIASES = 20
MAX_REPEATED = 1_000
"""How many nodes all aliases of a file may repeat together."""
MAX_TEXT = 10_000
MAX_KEY = 200
MAX_PROBLEMS = 20
_CLIPPED = 20
_TWICE = "FLOE-E106"

YamlPath = tuple[str | int, ...]

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What nobody sees and nobody means; some of it breaks lines in YAML's eyes and in no editor's."""

_NULLS = {"", "~", "null"}
_NOT_TEXT = re.compile(r"~|null|true|false|[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|0x[0-9a-fA-F]+|0o[0-7]+|")


@dataclass
class _Anchor:
    """A value that aliases may repeat: where it stands, and what it is once it was read."""

    path: YamlPath
    nodes: int
    value: Any = None
    complete: bool = False


class KeysTwice(SpecError):
    """Nothing is wrong but keys that stand twice; ``tree`` has the first of each."""

    def __init__(self, problems: Sequence[Problem], tree: dict[str, Any]) -> None:
        super().__init__(problems)
        self.tree = tree


class YamlReader:
    """Builds the tree from the parser's events, so that nothing is resolved behind our back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = shown(path)
        self.keys: dict[YamlPath, Position] = {}
        self.values: dict[YamlPath, Position] = {}
        self._problems: list[Problem] = []
        self._anchors: dict[str, _Anchor] = {}
        self._nodes = 0
        self._aliases = 0
        self._repeated = 0

    def read(self, text: str) -> dict[str, Any]:
        """The one mapping of the text; raises SpecError with every problem found, KeysTwice where it can."""
        try:
            self._events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
            tree = self._stream()
        except yaml.MarkedYAMLError as error:
            self._problems.append(self._syntax(error))
            tree = {}
        if self._problems and all(problem.code == _TWICE for problem in self._problems):
            raise KeysTwice(in_order(self._problems), tree)
        if self._problems:
            raise SpecError(in_order(self._problems))
        return tree

    def _stream(self) -> dict[str, Any]:
        next(self._events)  # the stream begins
        first = next(self._events)
        if isinstance(first, yaml.StreamEndEvent):
            self._problems.append(Problem("FLOE-E112", "the file is empty", Position(self._file)))
            return {}
        root = next(self._events)
        tree = self._value(root, ())
        if not isinstance(tree, dict):
            self._refuse(root, "FLOE-E112", "expected 'key: value' lines")
        next(self._events)  # the document ends
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._refuse(
                after, "FLOE-E107", "a second document", "one document in a file: delete from '---' on"
            )
        return tree if isinstance(tree, dict) else {}

    def _value(self, event: yaml.Event, path: YamlPath) -> Any:
        self.values[path] = self._at(event)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise SpecError(Problem("FLOE-E114", f"more than {MAX_NODES:,} values", self._at(event)))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        assert isinstance(event, yaml.NodeEvent)  # what else begins a value
        if event.tag is not None:  # type: ignore[attr-defined]
            self._refuse(event, "FLOE-E109", f"tag '{event.tag}'", "delete the tag")  # type: ignore[attr-defined]
        if event.anchor is None:
            return self._content(event, path)
        anchor = self._anchors[event.anchor] = _Anchor(path, self._nodes + self._repeated)
        anchor.value = self._content(event, path)
        anchor.nodes = self._nodes + self._repeated - anchor.nodes + 1
        anchor.complete = True
        return anchor.value

    def _content(self, event: yaml.Event, path: YamlPath) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(path) >= MAX_DEPTH:
            # Nothing below is looked at: whoever nests like this means harm or made a slip.
            raise self._too_deep(event)
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._list(path)

    def _alias(self, event: yaml.AliasEvent, path: YamlPath) -> Any:
        name = event.anchor or ""
        anchor = self._anchors.get(name)
        if anchor is None:
            self._refuse(
                event, "FLOE-E108", f"alias '*{name}' has no anchor '&{name}' above", "write the value out"
            )
            return None
        if not anchor.complete:
            self._refuse(
                event, "FLOE-E108", f"alias '*{name}' stands within '&{name}' itself", "write the value out"
            )
            return None
        self._aliases += 1
        self._repeated += anchor.nodes
        if self._aliases > MAX_ALIASES or self._repeated > MAX_REPEATED:
            limit = (
                f"{MAX_ALIASES} aliases"
                if self._aliases > MAX_ALIASES
                else f"{MAX_REPEATED:,} repeated values"
            )
            raise SpecError(
                Problem("FLOE-E108", f"more than {limit}", self._at(event), "write the values out")
            )
        self._repeat(event, anchor, path)
        return anchor.value

    def _repeat(self, event: yaml.AliasEvent, anchor: _Anchor, path: YamlPath) -> None:
        """What an alias repeats stands where its anchor stands."""
        length = len(anchor.path)
        for places in (self.keys, self.values):
            below = [known for known in places if len(known) > length and known[:length] == anchor.path]
            for known in below:
                if len(path) + len(known) - length > MAX_DEPTH:
                    raise self._too_deep(event)
                places[path + known[length:]] = places[known]

    def _too_deep(self, event: yaml.Event) -> SpecError:
        return SpecError(Problem("FLOE-E111", f"nested deeper than {MAX_DEPTH} levels", self._at(event)))

    def _scalar(self, event: yaml.ScalarEvent) -> str | None:
        text: str = event.value
        if len(text) > MAX_TEXT:
            self._refuse(event, "FLOE-E116", f"a text of more than {MAX_TEXT:,} characters")
            return text[:_CLIPPED]
        if event.implicit[0] and text in _NULLS:
            return None
        if found := CONTROL.search(text):
            self._refuse(event, "FLOE-E104", f"control character U+{ord(found[0]):04X}", "delete the escape")
        return text

    def _list(self, path: YamlPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: YamlPath) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            if key in entries:
                first = self.keys[*path, key].line
                self._refuse(event, _TWICE, f"duplicate key '{key}', first on line {first}", "keep one")
                self._skip(next(self._events))
                continue
            self.keys[*path, key] = self._at(event)
            entries[key] = self._value(next(self._events), (*path, key))
        return entries

    def _key(self, event: yaml.Event, path: YamlPath) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "FLOE-E110", "a key that is not text")
            self._skip(event)
            return f"?{len(self.keys)}"
        key: str = event.value
        if len(key) > MAX_KEY:
            self._refuse(event, "FLOE-E116", f"a key of more than {MAX_KEY} characters")
            return key[:_CLIPPED]
        if event.implicit[0] and key == "<<":
            self._refuse(event, "FLOE-E113", "merge key '<<'", "write the keys out")
        elif event.implicit[0] and _NOT_TEXT.fullmatch(key):
            self._refuse(event, "FLOE-E110", f"key '{key}' is not text", f'write "{key}" in quotes')
        return key

    def _skip(self, event: yaml.Event) -> None:
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth == 0:
                return
            event = next(self._events)

    def _at(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        assert mark is not None  # the parser marks every event
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _refuse(self, event: yaml.Event, code: str, message: str, hint: str | None = None) -> None:
        self._problems.append(Problem(code, message, self._at(event), hint))
        if len(self._problems) == MAX_PROBLEMS:
            self._problems.append(Problem("FLOE-E115", "more problems follow in this file", self._at(event)))
            raise SpecError(in_order(self._problems))

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        at = Position.of(self._path, mark.line + 1, mark.column + 1) if mark else Position.of(self._path)
        context = f" {error.context}" if error.context else ""
        return Problem("FLOE-E105", f"not valid YAML: {error.problem}{context}", at, hint=_syntax_hint(error))


def _syntax_hint(error: yaml.MarkedYAMLError) -> str | None:
    problem = error.problem or ""
    if "cannot start any token" in problem:
        return "indent with spaces, not tabs; put text that begins with a sign in quotes"
    if "mapping values are not allowed" in problem:
        return "a value with ': ' in it needs quotes; nested keys go on lines of their own"
    return None
