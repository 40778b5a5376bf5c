"""What the demo's runs tell a receiver of OTLP: everything, under one id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from floe_core.plugins import PluginRegistry, PluginType
from floe_core.schemas.artifacts import CompiledArtifacts
from testing.openlineage.receiver import LineageReceived, lineage_receiver
from testing.openlineage.stored import by_job
from testing.otlp_receiver import Received, otlp_receiver, values
from tests.demo import Demo, FinishedRun

pytestmark = pytest.mark.xdist_group("told demo")

Spans = dict[bytes, Any]

STEPS = {"compile", "execute", "write", "commit"}
STAGES = {"load", "validate", "resolve", "enforce", "compile", "generate"}


@pytest.fixture(scope="module")
def received() -> Iterator[Received]:
    with otlp_receiver() as received:
        yield received


@pytest.fixture(scope="module")
def marquez() -> Iterator[LineageReceived]:
    with lineage_receiver() as received:
        yield received


@pytest.fixture(scope="module")
def told_demo(tmp_path_factory: pytest.TempPathFactory, received: Received, marquez: LineageReceived) -> Demo:
    """A demo whose platform has a collector and a Marquez."""
    demo = Demo.copied_to(tmp_path_factory.mktemp("told") / "demo")
    manifest = demo.folder / "manifest.yaml"
    telemetry = f"plugins:\n  telemetry: {{type: otlp, config: {{endpoint: '{received.url}'}}}}\n"
    lineage = f"  lineage: {{type: marquez, config: {{url: '{marquez.url}'}}}}\n"
    manifest.write_text(manifest.read_text().replace("plugins:\n", telemetry + lineage))
    return demo


@pytest.fixture(
    scope="module",
    params=[
        "customer-360",
        pytest.param("iot-telemetry", marks=pytest.mark.slow),
        pytest.param("financial-risk", marks=pytest.mark.slow),
    ],
)
def finished(request: pytest.FixtureRequest, told_demo: Demo) -> FinishedRun:
    return FinishedRun(told_demo, request.param, told_demo.run(request.param))


def artifacts_of(finished: FinishedRun) -> CompiledArtifacts:
    path = finished.demo.product(finished.product) / "target/floe/compiled_artifacts.json"
    return CompiledArtifacts.model_validate_json(path.read_bytes())


def trace_of(received: Received, trace_id: str) -> Spans:
    return {span.span_id: span for _, _, span in received.spans() if span.trace_id.hex() == trace_id}


def of_name(spans: Spans, name: str) -> list[Any]:
    return [span for span in spans.values() if span.name == name]


@pytest.mark.requirement("FR-040", "FR-042")
def test_a_run_is_one_trace_from_the_run_to_each_step_of_each_model(
    finished: FinishedRun, received: Received
) -> None:
    spans, document = trace_of(received, finished.document["trace_id"]), finished.document
    models, tests = document["models"], [each for each in document["tests"] if each["state"] != "skipped"]
    [run] = of_name(spans, "run")
    assert run.parent_span_id == b""
    names = {span_id: span.name for span_id, span in spans.items()}
    below = Counter((names.get(span.parent_span_id), span.name) for span in spans.values())
    of_models = sum(test["model"] in {model["name"] for model in models} for test in tests)
    assert below == Counter(
        {(None, "run"): 1, ("run", "publish"): 1, ("run", "materialize"): 1, ("run", "model"): len(models)}
        | {("model", step): len(models) for step in STEPS}
        | {("model", "test"): of_models, ("run", "test"): len(tests) - of_models}
    )
    for span in spans.values():
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.status.code == 0


@pytest.mark.requirement("FR-041", "FR-042", "FR-048")
def test_lineage_arrives_at_marquez_and_names_the_spans_it_belongs_to(
    finished: FinishedRun, received: Received, marquez: LineageReceived
) -> None:
    document = finished.document
    spans = trace_of(received, document["trace_id"])
    told: list[Any] = []
    for event in marquez.events:  # one that answers late may get an event twice
        if event["run"]["facets"]["floe"]["traceId"] == document["trace_id"] and event not in told:
            told.append(event)

    assert marquez.refused == []
    names = {model["name"] for model in document["models"]}
    jobs = [f"{finished.product}{sign}{name}" for name in names for sign in "./"]
    assert {job: [event["eventType"] for event in events] for job, events in by_job(told).items()} == {
        job: ["START", "COMPLETE"] for job in (finished.product, *jobs)
    }
    for event in told:
        span = spans[bytes.fromhex(event["run"]["facets"]["floe"]["spanId"])]
        said = values(span.attributes)
        name = event["job"]["name"].removeprefix(finished.product)[1:]
        assert (span.name, said.get("model_name", "")) == ("model" if name else "run", name)


@pytest.mark.requirement("FR-040", "FR-042")
def test_every_span_says_whose_it_is_and_models_what_they_wrote(
    finished: FinishedRun, received: Received
) -> None:
    artifacts, document = artifacts_of(finished), finished.document
    layers = {seed.name: "bronze" for seed in artifacts.seeds}
    layers |= {model.name: model.layer or "" for model in artifacts.transforms}
    spans = trace_of(received, document["trace_id"])
    common = {
        "pipeline_name": finished.product,
        "floe.product": finished.product,
        "floe.run_id": document["run_id"],
        "floe.attempt": 1,
    }
    for span in spans.values():
        said = values(span.attributes)
        assert {key: said.get(key) for key in common} == common
        assert said["duration_ms"] == pytest.approx(
            (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6, abs=0.001
        )
    told = {
        said["model_name"]: (said["layer"], said["floe.state"], said["floe.rows"], said["floe.snapshot"])
        for said in (values(span.attributes) for span in of_name(spans, "model"))
    }
    assert told == {
        model["name"]: (layers[model["name"]], "succeeded", model["rows"], model["snapshot_id"])
        for model in document["models"]
    }
    for model in of_name(spans, "model"):
        said = values(model.attributes)
        [write] = [s for s in of_name(spans, "write") if s.parent_span_id == model.span_id]
        written = values(write.attributes)
        assert {key: written[key] for key in ("model_name", "layer", "db.namespace")} == {
            "model_name": said["model_name"],
            "layer": said["layer"],
            "db.namespace": finished.product,
        }
        assert (written["floe.bytes"], written["floe.files"]) == (said["floe.bytes"], said["floe.files"])


@pytest.mark.requirement("FR-040")
def test_the_run_points_to_the_trace_of_the_compile_that_made_its_artifact(
    finished: FinishedRun, received: Received
) -> None:
    [run] = of_name(trace_of(received, finished.document["trace_id"]), "run")
    [link] = run.links
    compiled = trace_of(received, link.trace_id.hex())
    [whole] = [span for span in of_name(compiled, "compile") if span.parent_span_id == b""]
    assert whole.span_id == link.span_id
    assert values(whole.attributes)["floe.artifact_digest"] == finished.document["artifact_digest"]
    stages = [span.name for span in compiled.values() if span.parent_span_id == whole.span_id]
    assert (set(stages), len(stages)) == (STAGES, len(STAGES))


@pytest.mark.requirement("FR-042", "FR-045")
def test_one_id_joins_spans_log_lines_and_the_snapshots_of_the_tables(
    finished: FinishedRun, received: Received
) -> None:
    trace_id, run_id = finished.document["trace_id"], finished.document["run_id"]
    lines = [(line, values(line.attributes)) for _, _, line in received.lines()]
    ours = [(line, said) for line, said in lines if said.get("floe.run_id") == run_id]
    assert {line.trace_id.hex() for line, _ in ours} == {trace_id}
    spans = {span.span_id for _, _, span in received.spans() if span.trace_id.hex() == trace_id}
    assert {line.span_id for line, _ in ours} <= spans
    ended = {said["model_name"] for line, said in ours if line.body.string_value == "model succeeded"}
    assert ended == {model["name"] for model in finished.document["models"]}
    catalog = SqlCatalog("floe", uri=f"sqlite:///{finished.demo.folder}/.floe/catalog.db")
    try:
        for model in finished.document["models"]:
            table = catalog.load_table(f"{finished.product}.{model['name']}")
            [summary] = [
                each.summary for each in table.snapshots() if str(each.snapshot_id) == model["snapshot_id"]
            ]
            assert summary is not None
            assert summary["floe.trace-id"] == trace_id
    finally:
        catalog.close()


@pytest.mark.requirement("FR-045")
def test_dbt_dagster_and_floe_log_through_one_door(finished: FinishedRun, received: Received) -> None:
    trace_id = finished.document["trace_id"]
    loggers = {logger for _, logger, line in received.lines() if line.trace_id.hex() == trace_id}
    assert {"floe.run", "dbt", "dagster"} <= loggers


@pytest.mark.requirement("FR-043")
def test_the_metrics_of_a_run_are_what_it_came_to(finished: FinishedRun, received: Received) -> None:
    document, models = finished.document, finished.document["models"]
    numbers: dict[tuple[str, str], Any] = {}
    sums: Counter[str] = Counter()
    for resource, metric in received.metrics():
        if resource["service.name"] != f"floe-{finished.product}":
            continue
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points:
            said = values(point.attributes)
            assert said["floe.product"] == finished.product
            if kind == "histogram":
                sums[metric.name] += point.count
            elif kind == "sum":
                sums[f"{metric.name} {said.get('state', '')}".strip()] += point.as_int
            else:
                numbers[metric.name, said["floe.table"]] = point.as_int or point.as_double
    passed = sum(test["state"] == "passed" for test in document["tests"])
    assert {name: count for name, count in sums.items() if name != "floe.rows.written"} == {
        "floe.runs succeeded": 1,
        "floe.run.duration": 1,
        "floe.models succeeded": len(models),
        "floe.commit.duration": len(models),
        "floe.tests passed": passed,
        "floe.lineage.events": 2 * (1 + len(models)),
        "floe.telemetry.dropped": 0,
    }
    assert sums["floe.rows.written"] >= sum(model["rows"] for model in models)
    rows = {table: value for (name, table), value in numbers.items() if name == "floe.table.rows"}
    assert rows == {f"{finished.product}.{model['name']}": model["rows"] for model in models}
    tables = Counter(name for name, _ in numbers)
    assert tables == dict.fromkeys(
        ("floe.table.rows", "floe.table.size", "floe.table.snapshots", "floe.table.published.timestamp"),
        len(models),
    )


@pytest.mark.requirement("WU-6", "FR-040")
def test_every_shipped_plugin_reports_under_the_tracer_it_names(
    finished: FinishedRun, received: Received
) -> None:
    artifacts, registry = artifacts_of(finished), PluginRegistry()
    assert artifacts.enforcement_result.warning_count == 0
    chosen = {kind: choice for kind in PluginType if (choice := artifacts.plugins.get(kind))}
    named = {registry.get(kind, choice.type).metadata.instrumentation for kind, choice in chosen.items()}
    spans = {scope for _, scope, _ in received.spans()}
    points = {scope for request in received.requests for scope in scopes_of(request)}
    assert named <= spans | points
    assert {"floe", "floe.dbt", "floe.iceberg", "floe.dagster"} <= spans


def scopes_of(request: Any) -> set[str]:
    """The names of the meters in a request."""
    resources = getattr(request, "resource_metrics", ())
    return {scope.scope.name for of in resources for scope in of.scope_metrics}
