"""Refusals are logged as events of one shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from floe_core import telemetry
from floe_core.security_log import SecurityEvent, report
from floe_core.telemetry import LogLine, Meter, Resource, SpanContext, Subject
from testing.kept_records import Kept

EVENT = SecurityEvent("authorization", "catalog 'polaris'", "commit", "403 not yours", "shop.orders", "ann")
SAID = {
    "event.name": "floe.security.authorization",
    "security.outcome": "refused",
    "security.kind": "authorization",
    "security.service": "catalog 'polaris'",
    "security.action": "commit",
    "security.reason": "403 not yours",
    "security.resource": "shop.orders",
    "security.principal": "ann",
}


@pytest.mark.requirement("FR-067")
def test_a_refusal_within_a_run_carries_its_ids(tmp_path: Path) -> None:
    kept, context = Kept(), SpanContext("a" * 32, "b" * 16)
    resource = Resource("shop", "dev", "p", "1.0.0", tmp_path)
    subject = Subject(resource, context, Meter({}), {context.span_id: {"floe.run_id": "r1"}})
    with telemetry.session():
        telemetry.attach("key", [kept], tmp_path)
        with telemetry.about(subject):
            report(EVENT)
    [line] = kept.records
    assert isinstance(line, LogLine)
    assert (line.level, line.logger, line.message) == ("warning", "floe.security", "privilege violation")
    assert line.context == context
    assert line.attributes == {"floe.run_id": "r1", **SAID}


@pytest.mark.requirement("FR-067", "FR-065")
def test_a_refusal_without_a_run_is_kept_beside_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".floe").mkdir()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    report(SecurityEvent("authentication", "catalog 'rest'", "ask", "401 password=hunter22"))
    document = json.loads((tmp_path / ".floe/logs/floe.jsonl").read_text())
    assert document.pop("timestamp").endswith("Z")
    assert document == {
        "level": "warning",
        "logger": "floe.security",
        "event": "authentication failed",
        "event.name": "floe.security.authentication",
        "security.outcome": "refused",
        "security.kind": "authentication",
        "security.service": "catalog 'rest'",
        "security.action": "ask",
        "security.reason": "401 password=***",
    }
