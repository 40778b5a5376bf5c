"""Types as the engine writes them, and which of them hold every value of another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WIDER = {
    "INTEGER": ("BIGINT",),
    "FLOAT": ("DOUBLE",),
}
"""What Iceberg promotes in place, so that a table's old files are read as the new type."""

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


@dataclass(frozen=True)
class _Type:
    """``parts`` are the fields of a STRUCT, key and value of a MAP, the element of a list."""

    name: str
    parts: tuple[tuple[str, _Type], ...] = ()


def holds(after: str, before: str) -> bool:
    """Whether a column of type ``after`` can be read by whoever read it as ``before``."""
    return _holds(_parse(after), _parse(before))


def _holds(after: _Type, before: _Type) -> bool:
    if after == before or after.name in _WIDER.get(before.name, ()):
        return True
    if (new := _DECIMAL.fullmatch(after.name)) and (old := _DECIMAL.fullmatch(before.name)):
        return int(new[1]) >= int(old[1]) and new[2] == old[2]
    if after.name != before.name or not before.parts:
        return False
    if after.name == "MAP":
        (_, new_key), (_, new_value) = after.parts
        (_, old_key), (_, old_value) = before.parts
        return new_key == old_key and _holds(new_value, old_value)
    if after.name != "STRUCT":
        return _holds(after.parts[0][1], before.parts[0][1])
    fields = {name.casefold(): type_ for name, type_ in after.parts}
    return all(
        name.casefold() in fields and _holds(fields[name.casefold()], type_) for name, type_ in before.parts
    )


def _parse(text: str) -> _Type:
    text = text.strip()
    if list_ := re.fullmatch(r"(.*)\[(\d*)\]", text, re.DOTALL):
        return _Type(f"[{list_[2]}]", (("", _parse(list_[1])),))
    if nested := re.fullmatch(r"(STRUCT|MAP)\((.*)\)", text, re.DOTALL):
        inside = list(_split(nested[2]))
        if nested[1] == "MAP":
            return _Type("MAP", tuple(("", _parse(part)) for part in inside))
        return _Type("STRUCT", tuple(_field(part) for part in inside))
    return _Type(re.sub(r"\s+", " ", text).upper())


def _field(text: str) -> tuple[str, _Type]:
    found = re.match(r'\s*("(?:[^"]|"")*"|\S+)\s+(.*)', text, re.DOTALL)
    assert found, text
    name = found[1][1:-1].replace('""', '"') if found[1].startswith('"') else found[1]
    return name, _parse(found[2])


def _split(text: str) -> Iterator[str]:
    """At the commas that stand in no parentheses and no quotes."""
    depth, quoted, start = 0, False, 0
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]
