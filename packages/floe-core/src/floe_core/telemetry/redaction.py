"""Secrets, taken out of whatever is told: as they are, and in the forms they get on their way."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from floe_core.errors import FloeError
from floe_core.schemas.secret import known_secrets
from floe_core.telemetry.fragments import BEGUN, DOTS, without_fragments
from floe_core.telemetry.records import LineageEvent, LogLine, Point, Record, Span

MASK = "***"
_SHORTEST = 4  # what is shorter stands in half of all words
_SHORTEST_PART = 8
_USER_INFO = re.compile(r"://[^/\s:@'\"]*:[^/\s'\"]+(?=@)")
_NAMED = re.compile(
    r"(?i)\b((?:\w*(?:password|passwd|secret|token|api_?key|access_?key)\w*)=)[^\s&;,'\")]{4,}"
)
_NAMES = ("password", "passwd", "secret", "token", "apikey", "api_key", "accesskey", "access_key")
_SCHEMES = ("bearer", "basic")
_BEARER = re.compile(r"(?i)\b((?:bearer|basic)\s+)(?=[a-z~+/.-]*[\d=])[\w~+/.=-]{8,}")


class Redactor:
    """Knows the secrets this process had read when it was made."""

    def __init__(self) -> None:
        self._needles = _needles(known_secrets())
        self._heads = _heads(self._needles)

    def text(self, text: str) -> str:
        """The text without any secret, and without what names itself one."""
        begun = self._begun(text)
        for needle in begun:
            text = text.replace(needle, MASK)
        if "://" in text:
            text = _USER_INFO.sub(f"://{MASK}", text)
        words = text.casefold()  # to look for words in it costs less than to search for a pattern
        if "=" in text and any(name in words for name in _NAMES):
            text = _NAMED.sub(rf"\g<1>{MASK}", text)
        if any(scheme in words for scheme in _SCHEMES):
            text = _BEARER.sub(rf"\g<1>{MASK}", text)
        return without_fragments(text, self._needles, begun, MASK) if self._needles else text

    def _begun(self, text: str) -> list[str]:
        """The forms that may be in the text, the longest first: many begin alike."""
        heads = {head for head in self._heads if head in text}
        return [needle for needle in self._needles if needle[:BEGUN] in heads] if heads else []

    def value(self, value: Any) -> Any:
        """The same for everything in a tree of JSON, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if isinstance(value, Mapping):
            return {self.value(key): self.value(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.value(part) for part in value]
        if isinstance(value, tuple):
            return tuple(map(self.value, value))
        return value

    def record(self, record: Record) -> Record:
        """The same for a record; what floe itself says in it, such as ids and times, stays."""
        if self._is_clean(record):
            return record
        match record:
            case Span():
                error = None if record.error is None else self.text(record.error)
                return replace(record, error=error, attributes=self.value(record.attributes))
            case LogLine():
                attributes = self.value(record.attributes)
                return replace(record, message=self.text(record.message), attributes=attributes)
            case Point():
                return replace(record, attributes=self.value(record.attributes))
            case LineageEvent():
                return replace(record, body=self.value(record.body))

    def _is_clean(self, record: Record) -> bool:
        """Whether there is certainly nothing to take out: nearly always, and found out at once."""
        if isinstance(record, LineageEvent):
            return self._is_clean_json(record.text)
        said = [*record.attributes, *(each for each in record.attributes.values() if isinstance(each, str))]
        match record:
            case Span(error=str(error)):
                said.append(error)
            case LogLine():
                said.append(record.message)
        text = "\n".join(said)
        return self.text(text) == text

    def _is_clean_json(self, text: str) -> bool:
        """What is written with escapes holds a form with escapes; and who knows where words end there."""
        words = text.casefold()
        return not (
            any(head in text for head in _heads(_escaped(self._needles)))
            or any(word in words for word in (*_SCHEMES, "near ", DOTS))
            or self.text(text) != text
        )


def redacted(text: str) -> str:
    """The text without any secret this process has read, and without what names itself one."""
    return Redactor().text(text)


def redact_error(error: BaseException) -> BaseException:
    """The error with its texts, and those of what led to it, redacted in place.

    One that keeps its text where nobody can reach it is given as another with that text.
    """
    redactor, seen = Redactor(), set[int]()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        _redact(link, redactor)
        for name in ("__cause__", "__context__"):
            behind = getattr(link, name)
            if behind is not None and not _redact(behind, redactor):
                setattr(link, name, None)
        link = link.__cause__ or link.__context__
    return error if _redact(error, redactor) else RuntimeError(redactor.text(str(error)))


def _redact(error: BaseException, redactor: Redactor) -> bool:
    """Redact whatever of the error can be reached; whether nothing is left in what it says."""
    error.args = tuple(map(redactor.value, error.args))
    if isinstance(error, FloeError):
        error.problems = tuple(
            replace(each, message=redactor.text(each.message), hint=each.hint and redactor.text(each.hint))
            for each in error.problems
        )
    for name in ("filename", "filename2", "strerror", "msg", "__notes__"):
        if said := getattr(error, name, None):
            with suppress(AttributeError, TypeError):  # some are read-only, and then part of the arguments
                setattr(error, name, redactor.value(said))
    text = f"{error} {error!r}"
    return redactor.text(text) == text


@lru_cache(maxsize=4)
def _needles(secrets: frozenset[str]) -> tuple[str, ...]:
    """Every form of every secret, the longest first: one may be part of another."""
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=4)
def _escaped(needles: tuple[str, ...]) -> tuple[str, ...]:
    """The forms as they are within a text of JSON."""
    return tuple(json.dumps(needle, ensure_ascii=False)[1:-1] for needle in needles)


@lru_cache(maxsize=8)
def _heads(needles: tuple[str, ...]) -> frozenset[str]:
    """How the forms begin."""
    return frozenset(needle[:BEGUN] for needle in needles)


def _forms(secret: str) -> Iterator[str]:
    parts = [line for line in secret.splitlines() if len(line) >= 2 * _SHORTEST_PART]
    for text in {secret, secret.strip(), *parts}:
        if len(text) < _SHORTEST:
            continue
        raw = text.encode()
        yield from (text, text[::-1], " ".join(text), repr(text)[1:-1], repr(raw)[2:-1])
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        for form in (quote(text, safe=""), quote(text), quote_plus(text)):
            yield form
            yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), form)
        yield from (raw.hex(), raw.hex().upper(), raw.hex(" "))
        yield from _in_base64(raw)


def _in_base64(raw: bytes) -> Iterator[str]:
    """What of its base64 is the same whatever stands before and after it."""
    for shift, first in enumerate((0, 2, 3)):
        padded = b"\0" * shift + raw
        last = len(padded) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            part = encode(padded).decode()[first:last]
            if len(part) >= _SHORTEST_PART:
                yield part
