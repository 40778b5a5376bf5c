"""Reading YAML that people write: every key and value with its place, every text as it was typed."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floe_core.errors import Position, Problem, SpecError
from floe_core.yaml_reader import CONTROL, KeysTwice, YamlPath, YamlReader

MAX_BYTES = 1 << 20

_BREAK = re.compile("\r\n|\r|\n")


@dataclass(frozen=True, eq=False)
class YamlFile:
    """A file as written: scalars are text, or None where nothing is said.

    ``keys`` and ``values`` tell where the key and the value of each path stand; list items have no key.
    """

    path: Path
    sha256: str
    tree: dict[str, Any]
    keys: Mapping[YamlPath, Position]
    values: Mapping[YamlPath, Position]
    whole: bool = True
    """Whether nothing is left out: of a key that stands twice the second is."""

    def at(self, path: YamlPath, *, key: bool = False) -> Position:
        """Where the path stands: its value (or its key), else that of the nearest part that exists."""
        if path in self.values:
            return self.keys.get(path, self.values[path]) if key else self.values[path]
        for length in range(len(path) - 1, 0, -1):
            if path[:length] in self.values:
                return self.keys.get(path[:length], self.values[path[:length]])
        return Position.of(self.path)


class RepeatedKeys(SpecError):
    """Keys stand twice; ``rest`` is the file without the second of each."""

    def __init__(self, problems: Sequence[Problem], rest: YamlFile) -> None:
        super().__init__(problems)
        self.rest = rest


def read_yaml(path: Path) -> YamlFile:
    """Read one document whose root is a mapping; raises SpecError with every problem found.

    Where keys stand twice and nothing else is wrong, it is a RepeatedKeys with the rest of the file.
    """
    content = read_bounded(path)
    reader, digest = YamlReader(path), hashlib.sha256(content).hexdigest()
    try:
        tree = reader.read(_decode(path, content))
    except KeysTwice as error:
        rest = YamlFile(path, digest, error.tree, reader.keys, reader.values, whole=False)
        raise RepeatedKeys(error.problems, rest) from error
    return YamlFile(path, digest, tree, reader.keys, reader.values)


def read_bounded(path: Path) -> bytes:
    """What a file of at most 1 MiB holds; raises SpecError for a larger one and for what is no file."""
    try:
        content = _beginning(path)
    except OSError as error:
        raise SpecError(
            Problem("FLOE-E101", f"cannot be read: {error.strerror}", Position.of(path))
        ) from error
    if len(content) > MAX_BYTES:
        raise SpecError(Problem("FLOE-E102", "the file is larger than 1 MiB", Position.of(path)))
    return content


def _beginning(path: Path) -> bytes:
    """No more than what shows that a file is too large; nothing at all of what is no file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for who writes
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SpecError(
                Problem(
                    "FLOE-E101",
                    "cannot be read: it is a pipe or a device, no file",
                    Position.of(path),
                    hint="put a file there",
                )
            )
        return file.read(MAX_BYTES + 1)


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
    if found := CONTROL.search(text):
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
    lines = _BREAK.split(before)
    return Position.of(path, len(lines), len(lines[-1]) + 1)
