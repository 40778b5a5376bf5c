"""Whoever a catalog does not let in is a security event."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyiceberg.exceptions import ForbiddenError, OAuthError, UnauthorizedError
from requests import Response

from floe_core.errors import ServiceError
from floe_iceberg.rest_answer import answer, asking


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of the platform one stands in."""
    (tmp_path / ".floe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".floe/logs/floe.jsonl"


def events(log: Path) -> list[tuple[str, ...]]:
    documents = [json.loads(line) for line in log.read_text().splitlines()]
    assert {document["logger"] for document in documents} == {"floe.security"}
    keys = ("event", "security.service", "security.action", "security.reason")
    return [tuple(document[key] for key in keys) for document in documents]


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (ForbiddenError("no right to write"), "privilege violation"),
        (UnauthorizedError("who are you"), "authentication failed"),
        (OAuthError("unauthorized_client"), "authentication failed"),
    ],
)
@pytest.mark.requirement("FR-067")
def test_a_catalog_that_refuses_is_logged(log: Path, error: Exception, event: str) -> None:
    with pytest.raises(ServiceError, match="FLOE-E621"), asking("floe"):
        raise error
    assert events(log) == [(event, "catalog 'floe'", "ask", str(error))]


@pytest.mark.parametrize(
    ("status", "event"), [(401, "authentication failed"), (403, "privilege violation"), (409, None)]
)
@pytest.mark.requirement("FR-067")
def test_a_commit_that_is_not_allowed_is_logged(log: Path, status: int, event: str | None) -> None:
    response = Response()
    response.status_code, response.reason = status, "No"
    answered = answer(lambda: response)
    assert answered.kind == ("moved" if event is None else "refused")
    told = events(log) if log.exists() else []
    assert told == ([(event, "catalog 'rest'", "commit", f"{status} No")] if event else [])
