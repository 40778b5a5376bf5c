"""Reading YAML that people write: every key and value with its place, every text as it was typed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from floe_core.errors import Position, Problem, SpecError, in_order, shown

MAX_BYTES = 1 << 20
MAX_DEPTH = 64

YamlPath = tuple[str | int, ...]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_NULLS = {"", "~", "null"}
_NOT_TEXT = re.compile(r"~|null|true|false|[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|0x[0-9a-fA-F]+|0o[0-7]+|")


@dataclass(frozen=True)
class YamlFile:
    """A file as written: scalars are text, or None where nothing is said.

    ``keys`` and ``values`` tell where the key and the value of each path stand; list items have no key.
    """

    path: Path
    sha256: str
    tree: dict[str, Any]
    keys: Mapping[YamlPath, Position]
    values: Mapping[YamlPath, Position]

    def at(self, path: YamlPath, *, key: bool = False) -> Position:
        """Where the path stands: its value (or its key), else that of the nearest part that exists."""
        if path in self.values:
            return self.keys.get(path, self.values[path]) if key else self.values[path]
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self.values:
                return self.keys.get(path[:length], self.values[path[:length]])
        return Position.of(self.path)


def read_yaml(path: Path) -> YamlFile:
    """Read one document whose root is a mapping; raises SpecError with every problem found."""
    content = _read(path)
    return _Reader(path).read(_decode(path, content), hashlib.sha256(content).hexdigest())


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpecError(
            Problem("FLOE-E101", f"cannot be read: {error.strerror}", Position.of(path))
        ) from error
    if len(content) > MAX_BYTES:
        raise SpecError(Problem("FLOE-E102", "the file is larger than 1 MiB", Position.of(path)))
    return content


def _decode(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", errors="replace")
        raise SpecError(
            Problem(
                "FLOE-E103",
                f"byte 0x{content[error.start]:02x} is not UTF-8",
                _position(path, before),
                hint="save the file as UTF-8",
            )
        ) from error
    if found := _CONTROL.search(text):
        raise SpecError(
            Problem(
                "FLOE-E104",
                f"control character U+{ord(found[0]):04X}",
                _position(path, text[: found.start()]),
                hint="delete it; in an editor it may be invisible",
            )
        )
    return text


def _position(path: Path, before: str) -> Position:
    return Position.of(path, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


class _Reader:
    """Builds the tree from the parser's events, so that nothing is resolved behind our back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = shown(path)
        self._keys: dict[YamlPath, Position] = {}
        self._values: dict[YamlPath, Position] = {}
        self._problems: list[Problem] = []

    def read(self, text: str, sha256: str) -> YamlFile:
        try:
            self._events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
            tree = self._stream()
        except yaml.MarkedYAMLError as error:
            self._problems.append(self._syntax(error))
            tree = {}
        if self._problems:
            raise SpecError(in_order(self._problems))
        return YamlFile(self._path, sha256, tree, self._keys, self._values)

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
        self._values[path] = self._at(event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "FLOE-E108", f"alias '*{event.anchor}'", "write the value out")
            return None
        if event.tag is not None:  # type: ignore[attr-defined]
            self._refuse(event, "FLOE-E109", f"tag '{event.tag}'", "delete the tag")  # type: ignore[attr-defined]
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(path) >= MAX_DEPTH:
            # Nothing below is looked at: whoever nests like this means harm or made a slip.
            raise SpecError(Problem("FLOE-E111", f"nested deeper than {MAX_DEPTH} levels", self._at(event)))
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._list(path)

    def _scalar(self, event: yaml.ScalarEvent) -> str | None:
        text: str = event.value
        if event.implicit[0] and text in _NULLS:
            return None
        if found := _CONTROL.search(text):
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
                first = self._keys[*path, key].line
                self._refuse(event, "FLOE-E106", f"duplicate key '{key}', first on line {first}", "keep one")
                self._skip(next(self._events))
                continue
            self._keys[*path, key] = self._at(event)
            entries[key] = self._value(next(self._events), (*path, key))
        return entries

    def _key(self, event: yaml.Event, path: YamlPath) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "FLOE-E110", "a key that is not text")
            self._skip(event)
            return f"?{len(self._keys)}"
        key: str = event.value
        if event.implicit[0] and _NOT_TEXT.fullmatch(key):
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
