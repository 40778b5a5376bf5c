"""Records that every receiver can be sent: one that cannot be written would cost its whole batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from floe_core.telemetry.records import LineageEvent, LogLine, Record, Span

_LONG = range(-(2**63), 2**63)


def encodable(record: Record) -> Record:
    """The record with escapes for what is no Unicode (a file name in Latin-1), and long integers as text."""
    if isinstance(record, LineageEvent):
        return record if _is_unicode(record.text) else replace(record, body=_value(record.body))
    if all(map(_fits, (*record.attributes, *record.attributes.values(), *_said(record)))):
        return record
    clean: dict[str, Any] = {"attributes": _value(record.attributes)}
    if isinstance(record, Span) and record.error is not None:
        clean["error"] = _text(record.error)
    if isinstance(record, LogLine):
        clean["message"] = _text(record.message)
    return replace(record, **clean)


def _said(record: Record) -> tuple[str, ...]:
    match record:
        case Span(error=str(error)):
            return (error,)
        case LogLine():
            return (record.message,)
    return ()


def _fits(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() or _is_unicode(value)
    return not isinstance(value, int) or value in _LONG


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(key): _value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_value(part) for part in value]
    return value if _fits(value) else str(value)


def _text(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
