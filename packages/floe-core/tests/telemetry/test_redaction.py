"""No secret leaves in what is told, whatever form it got on its way."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from floe_core.errors import FloeError, Problem, ServiceError
from floe_core.schemas.secret import looked_up
from floe_core.telemetry import (
    LineageEvent,
    LogLine,
    Record,
    Resource,
    Span,
    SpanContext,
    redact_error,
    redacted,
)
from floe_core.telemetry.redaction import Redactor

SECRETS = [f'c4nary/{number:02}+k"ey ü&{"x" * number}' for number in range(40)]

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 after a user's name": lambda secret: base64.b64encode(f"me:{secret}".encode()).decode(),
    "base64 after another one": lambda secret: base64.b64encode(f"you:{secret}:".encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "hexadecimal": lambda secret: secret.encode().hex(),
    "hexadecimal, upper case": lambda secret: secret.encode().hex().upper(),
    "quoted for URLs": lambda secret: quote(secret, safe=""),
    "quoted for forms": quote_plus,
    "reversed": lambda secret: secret[::-1],
    "spaced": " ".join,
    "as JSON": lambda secret: json.dumps({"key": secret}),
    "as Python writes it": repr,
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets as a plugin's configuration names them, looked up."""
    config = {}
    for number, secret in enumerate(SECRETS):
        monkeypatch.setenv(f"CANARY_{number}", secret)
        config[f"slot{number}"] = f"${{CANARY_{number}}}"
    looked_up({"slots": [config]})


@pytest.mark.usefixtures("read")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.requirement("FR-065", "FR-046")
def test_a_secret_is_found_in_every_form(form: str) -> None:
    for secret in SECRETS:
        written = FORMS[form](secret)
        told = redacted(f"before {written} after")
        essence = FORMS[form](secret) if form != "as JSON" else json.dumps(secret)[1:-1]
        assert essence not in told
        assert secret not in told
        assert told.startswith("before ")
        assert told.endswith(" after")


_RESOURCE = Resource("shop", "dev", "platform", "1.0.0", Path("/somewhere/.floe"))
_SPAN = SpanContext("a" * 32, "b" * 16)

RECORDS: dict[str, Callable[[str], Record]] = {
    "a span's error": lambda text: Span(_SPAN, None, "model", 1, 2, _RESOURCE, {}, text),
    "a span's attribute": lambda text: Span(_SPAN, None, "model", 1, 2, _RESOURCE, {"rows": 1, "x": text}),
    "a line": lambda text: LogLine(1, "info", "dbt", text, _RESOURCE),
    "a line's attribute": lambda text: LogLine(1, "info", "dbt", "said", _RESOURCE, None, {text: "x"}),
    "an event": lambda text: LineageEvent({"job": {"facets": [{"sql": {"query": text}}]}}, _RESOURCE),
    "an event's key": lambda text: LineageEvent({"job": {text: 1}}, _RESOURCE),
}


@pytest.mark.usefixtures("read")
@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.requirement("FR-065", "FR-041")
def test_a_record_is_the_same_but_for_the_secret(kind: str) -> None:
    redactor, make = Redactor(), RECORDS[kind]
    plain = make('nothing to hide, token = 1, "basic"')
    assert redactor.record(plain) == plain
    for form in FORMS.values():
        for told in (f"before\n{form(SECRETS[7])}\tafter", "a\tpassword=hunter22", "a\nBearer\tabc.def.1234"):
            assert redactor.record(make(told)) == make(redacted(told)) != make(told)


@pytest.mark.requirement("FR-065")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("postgresql://me:hunter22@db:5432/x", "postgresql://***@db:5432/x"),
        ("s3://me:hun@ter@22@bucket/x@y", "s3://***@bucket/x@y"),
        ("PASSWORD=hunter22 host=db", "PASSWORD=*** host=db"),
        ("Authorization: Bearer abc.def.123456", "Authorization: Bearer ***"),
        ("the basic arithmetic of a token is x = 1", "the basic arithmetic of a token is x = 1"),
        ("https://example.com:8080/path?a=b", "https://example.com:8080/path?a=b"),
    ],
)
def test_what_names_itself_a_secret_is_one(text: str, told: str) -> None:
    assert redacted(text) == told


@pytest.mark.usefixtures("read")
@pytest.mark.requirement("FR-065")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('syntax error at or near "c4nary"', 'syntax error at or near "***"'),
        ('syntax error at or near "from"', 'syntax error at or near "from"'),
        ("LINE 1: select c4nary/0...", "LINE 1: select ***..."),
        ("LINE 1: ...c4nary/03+k...", "LINE 1: ...***..."),
        ('LINE 1: ...k"ey ü&xxxxx from t...', "LINE 1: ...*** from t..."),
        ("not a number: 'c4nary/\nand so on", "not a number: '***\nand so on"),
        ("not a number: 'c4nary%2F03%", "not a number: '***"),
        ("1 of 2 c4na....... [RUN]", "1 of 2 c4na....... [RUN]"),
    ],
)
def test_a_part_of_a_secret_that_a_message_quotes_is_none_either(text: str, told: str) -> None:
    assert redacted(text) == told


class Stubborn(Exception):
    """Says what nobody can change."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._said = said

    def __str__(self) -> str:
        return self._said


def noted(secret: str) -> Exception:
    error = ValueError("x")
    error.add_note(secret)
    return error


def chained(secret: str) -> Exception:
    error = ValueError("x")
    error.__cause__ = KeyError(secret)
    error.__cause__.__context__ = Stubborn(secret)
    return error


ERRORS: dict[str, Callable[[str], Exception]] = {
    "a text": ValueError,
    "bytes": lambda secret: ValueError(secret.encode()),
    "a mapping": lambda secret: ValueError({"key": secret}),
    "a tuple": lambda secret: ValueError(("key", [secret])),
    "a key": KeyError,
    "a file's name": lambda secret: FileNotFoundError(2, "no such file", secret),
    "a system's words": lambda secret: OSError(5, secret),
    "a note": noted,
    "a cause": chained,
    "a problem": lambda secret: ServiceError(Problem("FLOE-E904", secret, hint=secret)),
    "no argument": Stubborn,
}


@pytest.mark.usefixtures("read")
@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.requirement("FR-065", "FR-066")
def test_an_error_is_told_without_the_secret_it_holds(kind: str) -> None:
    clean: BaseException | None = redact_error(ERRORS[kind](SECRETS[3]))
    while clean is not None:
        said = f"{clean} {clean!r} {clean.args} {getattr(clean, '__notes__', '')}"
        if isinstance(clean, FloeError):
            said += str(clean.problems)
        assert "c4nary" not in said
        clean = clean.__cause__ or clean.__context__
