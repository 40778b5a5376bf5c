"""Events on their way to a receiver that judges them by OpenLineage's own schemas.

Marquez itself cannot be had here: the receiver takes what its API is documented to take.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from floe_core.lineage import Job, Run, derived_run_id, run_event
from floe_core.telemetry import LineageEvent, Resource, TelemetryQueue
from floe_lineage_marquez import MarquezPlugin
from testing.openlineage.receiver import LineageReceived, lineage_receiver
from testing.otlp_receiver import bad_receiver
from testing.polling import wait_for

_JOB = Job("floe://test/dev", "shop")


def _told(state_dir: Path, config: Mapping[str, object], count: int = 3, size: int = 5_000) -> TelemetryQueue:
    """A queue of that size that so many events were offered to."""
    queue, resource = TelemetryQueue(size), Resource("shop", "dev", "test", "1", state_dir)
    queue.attach(MarquezPlugin.model_validate(config).exporters(state_dir), state_dir)
    for number in range(count):
        run = Run(derived_run_id(number))
        queue.offer(LineageEvent(run_event("START", run, _JOB), resource))
    return queue


def _runs(received: LineageReceived) -> list[str]:
    return [event["run"]["runId"] for event in received.events]


@pytest.mark.requirement("FR-041", "FR-065")
def test_events_arrive_in_order_with_the_key_and_fit_openlineages_schemas(tmp_path: Path) -> None:
    with lineage_receiver() as marquez:
        lost = _told(tmp_path, {"url": marquez.url, "api_key": "very-secret"}).close()

    assert (lost, marquez.refused) == (0, [])
    assert _runs(marquez) == [derived_run_id(number) for number in range(3)]
    assert {each["Authorization"] for each in marquez.headers} == {"Bearer very-secret"}
    assert "very-secret" not in repr(MarquezPlugin.model_validate({"api_key": "very-secret"}))


@pytest.mark.requirement("FR-046")
def test_what_was_away_for_a_moment_gets_each_event_once(tmp_path: Path) -> None:
    with lineage_receiver() as marquez:
        marquez.statuses = [None, 503]
        queue = _told(tmp_path, {"url": marquez.url})
        wait_for(lambda: not marquez.statuses)
        lost = queue.close()

    assert (lost, _runs(marquez)) == (0, [derived_run_id(number) for number in range(3)])
    assert len(marquez.headers) == 4  # the second twice


@pytest.mark.requirement("FR-046")
def test_an_event_that_is_refused_keeps_no_other_back_and_is_counted(tmp_path: Path) -> None:
    with lineage_receiver() as marquez:
        marquez.statuses = [400]
        lost = _told(tmp_path, {"url": marquez.url}).close()

    assert (lost, _runs(marquez)) == (1, [derived_run_id(number) for number in (1, 2)])


@pytest.mark.requirement("FR-067", "FR-065")
@pytest.mark.parametrize("status", [401, 403])
def test_who_is_not_let_in_is_a_security_event_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    (tmp_path / ".floe").mkdir()
    monkeypatch.chdir(tmp_path)
    with lineage_receiver() as marquez:
        marquez.statuses = [status] * 3
        lost = _told(tmp_path / ".floe", {"url": marquez.url, "api_key": "very-secret"}).close()

    [line] = (tmp_path / ".floe/logs/floe.jsonl").read_text().splitlines()
    said = json.loads(line)
    assert (lost, marquez.events, said.pop("timestamp")[-1]) == (3, [], "Z")
    assert said == {
        "level": "warning",
        "logger": "floe.security",
        "event": "authentication failed",
        "event.name": "floe.security.authentication",
        "security.outcome": "refused",
        "security.kind": "authentication",
        "security.service": "lineage 'marquez'",
        "security.action": "export",
        "security.reason": f"the receiver answered {status}",
        "security.resource": "/api/v1/lineage",
    }


@pytest.mark.usefixtures("hurried")
@pytest.mark.requirement("FR-046")
@pytest.mark.parametrize("kind", ["gone", "black hole", "trickles"])
def test_a_receiver_that_does_not_answer_costs_what_it_was_to_get_and_nothing_else(
    tmp_path: Path, kind: str
) -> None:
    with bad_receiver(kind) as url:
        assert _told(tmp_path, {"url": url}).close() == 3


@pytest.mark.requirement("FR-046")
@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("status", [500, 503, 401])
def test_what_a_receiver_does_not_take_is_counted(tmp_path: Path, status: int, size: int) -> None:
    with lineage_receiver() as marquez:
        marquez.statuses = [status] * 1_000
        assert _told(tmp_path, {"url": marquez.url}, 100, size).close() == 100

    assert marquez.events == []


@pytest.mark.slow
@pytest.mark.usefixtures("hurried")
@pytest.mark.requirement("FR-046")
@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("kind", ["gone", "black hole", "trickles", "slow handshake", "500", "503"])
def test_nobody_waits_two_seconds_for_a_receiver(tmp_path: Path, kind: str, size: int) -> None:
    with _misbehaving(kind) as url:
        queue = _told(tmp_path, {"url": url}, 6_000, size)
        started = time.monotonic()
        assert queue.close() == 6_000
        assert time.monotonic() - started < 2


@contextmanager
def _misbehaving(kind: str) -> Iterator[str]:
    if kind.isdigit():
        with lineage_receiver() as marquez:
            marquez.statuses = [int(kind)] * 20_000
            yield marquez.url
    else:
        with bad_receiver(kind) as url:
            yield url


@pytest.mark.requirement("FR-051")
@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"url": "marquez:5000"}, "expected a URL such as http://localhost:4318"),
        ({"url": "http://user:word@marquez"}, "a URL holds no password: name it in 'headers'"),
        ({"path": "api"}, "String should match pattern '^/[^ ]*$'"),
    ],
)
def test_settings_that_cannot_work_are_told(config: Mapping[str, str], what: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MarquezPlugin.model_validate(config)

    assert [error["msg"] for error in refused.value.errors()] == [what]


@pytest.mark.requirement("FR-055")
def test_its_health_says_where_nobody_listens(tmp_path: Path) -> None:
    with lineage_receiver() as marquez, bad_receiver("gone") as gone:
        assert MarquezPlugin(url=marquez.url).health(tmp_path).healthy
        assert (
            MarquezPlugin(url=gone).health(tmp_path).reason == f"no Marquez at '{gone}': Connection refused"
        )
