"""Spans know their place, also when others trace with OpenTelemetry, and when a run's process died."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry import trace

from floe_core import telemetry
from floe_core.artifact_store import keep_artifacts, keep_trace
from floe_core.compile_telemetry import CompileTelemetry
from floe_core.events import ModelFinished, ModelStarted
from floe_core.exporting import attach_exporters, attach_lineage
from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.recovery import settle_dead_runs
from floe_core.run_lineage import RunLineage, naming_of
from floe_core.run_telemetry import RunTelemetry
from floe_core.schemas.artifacts import CompiledArtifacts, PluginChoice
from floe_core.telemetry import Meter, Resource, Span, SpanContext, Subject, metrics
from floe_core.telemetry.metrics import distribution_of
from testing.kept_records import Kept
from testing.openlineage.receiver import lineage_receiver
from testing.openlineage.stored import by_job

GOLDEN = Path(__file__).parents[1] / "golden/customer-360/compiled_artifacts.json"
ARTIFACTS = CompiledArtifacts.model_validate_json(GOLDEN.read_bytes())
RUN = SpanContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
OUTER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (OUTER, SpanContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")),
        (f" {OUTER}\n", SpanContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")),
        ("", None),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01", None),
        ("; rm -rf /", None),
        (OUTER.replace("00", "ff", 1), None),
        (f"{OUTER}-more", None),
        (f"{OUTER.replace('00', '01', 1)}-more", SpanContext(OUTER[3:35], OUTER[36:52])),
        (OUTER.replace("00", "01", 1), SpanContext(OUTER[3:35], OUTER[36:52])),
        (f"{OUTER.replace('00', '01', 1)}more", None),
    ],
)
@pytest.mark.requirement("FR-042")
def test_a_traceparent_is_taken_when_it_is_one(said: str, meant: SpanContext | None) -> None:
    assert SpanContext.parse(said) == meant


@pytest.mark.requirement("FR-040", "FR-042")
def test_spans_nest_and_others_who_trace_see_where_they_are(tmp_path: Path) -> None:
    kept, resource = Kept(), Resource("shop", "dev", "p", "1.0.0", tmp_path)
    subject = Subject(resource, RUN, Meter({}), {RUN.span_id: {"floe.run_id": "r1"}})
    with telemetry.session():
        telemetry.attach("key", [kept], tmp_path)
        with telemetry.about(subject), telemetry.span("publish", scope="floe.iceberg") as said:
            theirs = trace.get_current_span().get_span_context()
            said["floe.tables"] = 3
            with pytest.raises(ZeroDivisionError), telemetry.span("inner"):
                raise ZeroDivisionError("not today")
    inner, outer = kept.records
    assert isinstance(inner, Span)
    assert isinstance(outer, Span)
    assert (outer.context.trace_id, outer.parent_id) == (RUN.trace_id, RUN.span_id)
    assert (f"{theirs.trace_id:032x}", f"{theirs.span_id:016x}") == (RUN.trace_id, outer.context.span_id)
    assert (inner.parent_id, inner.error) == (outer.context.span_id, "not today")
    assert (outer.error, outer.scope, outer.attributes["floe.tables"]) == (None, "floe.iceberg", 3)
    assert {span.attributes["floe.run_id"] for span in (inner, outer)} == {"r1"}
    assert telemetry.current() is None


@pytest.mark.requirement("FR-042")
def test_a_compile_and_a_run_are_part_of_whoever_started_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", OUTER)
    trace_id, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    resource = Resource("customer-360", "dev", "p", "1.0.0", tmp_path)
    run = RunTelemetry(ARTIFACTS, identity(trace_id), resource)
    assert (run.root.context.trace_id, run.root.parent_id) == (trace_id, parent)
    compiled = CompileTelemetry(Location(tmp_path / "floe.yaml", None), lambda: None)
    assert (compiled.context.trace_id, compiled.outer) == (trace_id, SpanContext(trace_id, parent))


@pytest.mark.requirement("FR-040", "FR-027")
def test_whoever_finds_a_dead_run_tells_its_end_under_its_own_ids(tmp_path: Path) -> None:
    state_dir, ledger = tmp_path / ".floe", Ledger(tmp_path / ".floe")
    dead = identity(RUN.trace_id)
    keep_artifacts(state_dir, ARTIFACTS)
    keep_trace(state_dir, ARTIFACTS.digest, OUTER)
    ledger.begin(dead, engine_run_id=None)
    settle_dead_runs(state_dir, ledger, None)  # type: ignore[arg-type]  # it published nothing: nobody asks
    with sqlite3.connect(state_dir / "telemetry/telemetry.db") as connection:
        [span] = connection.execute("select trace_id, span_id, parent_id, name, error, links from spans")
        runs = connection.execute("select value, attributes from points where name = 'floe.runs'").fetchall()
    assert span == (
        RUN.trace_id,
        telemetry.run_span_id(dead.run_id, 1),
        None,
        "run",
        "its process ended without a word",
        json.dumps([OUTER]),
    )
    assert [(value, json.loads(said)["state"]) for value, said in runs] == [("1", "failed")]
    [line] = (state_dir / "logs/floe.jsonl").read_text().splitlines()
    document = json.loads(line)
    assert (document["event"], document["trace_id"], document["run_id"], document["reason"]) == (
        "run failed",
        RUN.trace_id,
        dead.run_id,
        "its process ended without a word",
    )


@pytest.mark.requirement("FR-041", "FR-027")
def test_a_receiver_elsewhere_hears_the_end_of_what_a_dead_run_was_at(tmp_path: Path) -> None:
    state_dir, ledger = tmp_path / ".floe", Ledger(tmp_path / ".floe")
    with lineage_receiver() as marquez:
        elsewhere = PluginChoice(type="marquez", version="0.1.0", config={"url": marquez.url})
        plugins = ARTIFACTS.plugins.model_copy(update={"lineage": elsewhere})
        artifacts = ARTIFACTS.model_copy(update={"plugins": plugins})
        dead = replace(identity(RUN.trace_id), artifact_digest=artifacts.digest)
        keep_artifacts(state_dir, artifacts)
        ledger.begin(dead, engine_run_id=None)
        first, second, *_ = artifacts.nodes
        resource = Resource("customer-360", "dev", "p", "1.0.0", state_dir)
        theirs = RunLineage(artifacts, dead, resource, naming_of(Platform(plugins), state_dir))
        theirs.begin()  # of which nothing arrived
        for number, node in enumerate((first, second)):
            theirs(ModelStarted(node.unique_id, node.unique_id, number + 1, 2))
        ended = ModelFinished(first.unique_id, first.unique_id, "succeeded", 0.5, rows=3, snapshot_id=7)
        ledger.record_model(dead, ended)
        theirs(ended)

        settle_dead_runs(state_dir, ledger, None)  # type: ignore[arg-type]  # it published nothing: nobody asks

    assert {job: [each["eventType"] for each in told] for job, told in by_job(marquez.events).items()} == {
        "customer-360": ["START", "FAIL"],
        f"customer-360.{first.unique_id.split('.')[-1]}": ["START", "COMPLETE"],
        f"customer-360.{second.unique_id.split('.')[-1]}": ["START", "FAIL"],
    }
    assert marquez.refused == []
    assert [path.suffix for path in (state_dir / "runs").glob("*")] == []


@pytest.mark.requirement("FR-043")
def test_a_meter_adds_counts_up_and_sorts_measurements_into_buckets(tmp_path: Path) -> None:
    meter, resource = Meter({"floe.product": "shop"}), Resource("shop", "dev", "p", "1.0.0", tmp_path)
    for state in ("succeeded", "failed", "succeeded"):
        meter.add(metrics.MODELS, 1, state=state)
    meter.set(metrics.TABLE_BYTES, 10)
    meter.set(metrics.TABLE_BYTES, 7)
    values = {(point.name, point.attributes.get("state")): point.value for point in meter.points(resource)}
    assert values == {
        ("floe.models", "succeeded"): 2,
        ("floe.models", "failed"): 1,
        ("floe.table.size", None): 7,
    }
    spread = distribution_of([0.5, 1.0, 1.5, 9.0], (1.0, 2.0))
    assert (spread.counts, spread.sum) == ((2, 1, 1), 12.0)


def identity(trace_id: str) -> RunIdentity:
    digest = ARTIFACTS.digest
    return RunIdentity("3a1f6f1e-9f55-4d3f-8c53-6a2c1a3b7a10", 1, "customer-360", "dev", digest, trace_id)


@pytest.mark.requirement("FR-046")
def test_a_plugin_that_cannot_begin_is_told_of_and_hurts_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    configs: list[dict[str, object]] = [
        {"headers": {"x-key": "${NOT_SET}"}},
        {"endpoint": "https://localhost:1", "protocol": "grpc", "certificate": "nowhere.pem"},
    ]
    for config in configs:
        choice = PluginChoice(type="otlp", version="0.1.0", config=config)
        chosen = ARTIFACTS.plugins.model_copy(update={"telemetry": choice})
        with telemetry.session():
            attach_exporters(Platform(chosen), tmp_path / ".floe")
    missing = f"[Errno 2] No such file or directory: '{tmp_path}/nowhere.pem'"
    assert caplog.messages == [
        "telemetry is off: the secret '${NOT_SET}' is not set",
        f"telemetry is off: {missing}",
    ]


@pytest.mark.requirement("FR-041", "FR-046")
def test_a_lineage_plugin_that_cannot_begin_is_told_of_once_and_hurts_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    choice = PluginChoice(type="marquez", version="0.1.0", config={"api_key": "${NOT_SET}"})
    platform = Platform(ARTIFACTS.plugins.model_copy(update={"lineage": choice}))
    with telemetry.session():
        for _ in range(2):
            attach_lineage(platform, tmp_path / ".floe")
    assert [(each.name, each.message) for each in caplog.records] == [
        ("floe.lineage", "lineage is off: the secret '${NOT_SET}' is not set")
    ]


@pytest.mark.requirement("FR-027", "FR-066")
def test_a_damaged_store_keeps_no_dead_run_from_being_settled(tmp_path: Path) -> None:
    state_dir, ledger = tmp_path / ".floe", Ledger(tmp_path / ".floe")
    keep_artifacts(state_dir, ARTIFACTS)
    ledger.begin(identity(RUN.trace_id), engine_run_id=None)
    (state_dir / "telemetry").mkdir()
    (state_dir / "telemetry/telemetry.db").write_bytes(b"this is no database " * 500)
    [settled] = settle_dead_runs(state_dir, ledger, None)  # type: ignore[arg-type]  # it published nothing
    [line] = (state_dir / "logs/floe.jsonl").read_text().splitlines()
    assert (settled.state, ledger.running(), json.loads(line)["event"]) == ("failed", [], "run failed")
