"""Metrics as Prometheus has them: names as documented, and counts of many short processes that add up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from floe_core.telemetry import Meter, Resource, TelemetryQueue, metrics
from floe_core.telemetry.metrics import Instrument
from floe_telemetry_otlp import OtlpTelemetry
from testing.otlp_receiver import otlp_receiver, values
from testing.sources import ROOT

PAGE = (ROOT / "docs/concepts/telemetry.md").read_text(encoding="utf-8")
UNITS = {"s": "_seconds", "By": "_bytes"}
Series = tuple[str, frozenset[tuple[str, Any]]]


def in_prometheus(name: str, unit: str, kind: str) -> str:
    """What it becomes.

    https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics
    """
    suffix = "" if unit.startswith("{") else UNITS[unit]
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"{plain.removesuffix(suffix) if suffix else plain}{suffix}{'_total' if kind == 'counter' else ''}"


@pytest.mark.requirement("FR-043")
def test_the_page_names_every_metric_as_prometheus_does() -> None:
    instruments = [each for each in vars(metrics).values() if isinstance(each, Instrument)]
    rows = re.findall(r"^\| (`floe\..*?) \| (`floe_.*?) \|.*\|$", PAGE, re.MULTILINE)
    documented = [
        pair
        for ours, theirs in rows
        for pair in zip(re.findall(r"`(.+?)`", ours), re.findall(r"`(.+?)`", theirs), strict=True)
    ]
    assert sorted(documented) == sorted(
        (each.name, in_prometheus(each.name, each.unit, each.kind)) for each in instruments
    )


def process(url: str, *states: str) -> None:
    """What a process tells of its runs, from a meter and a queue of its own for each."""
    shop = Resource("shop", "dev", "platform", "1.2.0", Path("/somewhere/.floe"))
    queue = TelemetryQueue(5_000)
    queue.attach(OtlpTelemetry(endpoint=url).exporters(shop.state_dir), shop.state_dir)
    for state in states:
        meter = Meter({"floe.product": "shop", "deployment.environment.name": "dev"})
        meter.add(metrics.RUNS, 1, state=state)
        meter.record(metrics.RUN_DURATION, 0.2, state=state)
        for point in meter.points(shop):
            queue.offer(point)
    assert queue.close() == 0


def share(totals: Counter[Series], formula: str) -> dict[tuple[Any, ...], float]:
    """The page's quotient of two sums by labels, over counts that all lie within its time."""
    part = r"sum by \((\w+)\) \(rate\((\w+)(?:\{(\w+)=\"(\w+)\"\})?\[1d\]\)\)"
    parsed = re.fullmatch(f"{part} / {part}", formula)
    assert parsed

    def summed(by: str, name: str, label: str | None, wanted: str | None) -> Counter[tuple[Any, ...]]:
        found: Counter[tuple[Any, ...]] = Counter()
        for (series, labels), count in totals.items():
            if series == name and (label is None or (label, wanted) in labels):
                found[(dict(labels)[by],)] += count
        return found

    above, below = summed(*parsed.groups()[:4]), summed(*parsed.groups()[4:])
    return {key: above[key] / below[key] for key in above}


@pytest.mark.requirement("FR-043")
def test_counts_of_two_processes_add_up_to_the_share_of_runs_that_failed() -> None:
    totals: Counter[Series] = Counter()
    buckets: Counter[int] = Counter()
    with otlp_receiver() as received:
        process(received.url, "succeeded", "failed")
        process(received.url, "succeeded", "succeeded")
    resources = {tuple(sorted(resource.items())) for resource, _ in received.metrics()}
    for _, metric in received.metrics():
        kind = metric.WhichOneof("data")
        data = getattr(metric, kind)
        name = in_prometheus(metric.name, metric.unit, "counter" if kind == "sum" else kind)
        assert data.aggregation_temporality == 1  # delta: what comes next is added
        for point in data.data_points:
            labels = {key.replace(".", "_"): value for key, value in values(point.attributes).items()}
            if kind == "sum":
                totals[name, frozenset(labels.items())] += point.as_int
            else:
                buckets.update(dict(enumerate(point.bucket_counts)))

    [formula] = re.findall(r"```promql\n(.+)\n```", PAGE)
    shop = {"floe_product": "shop", "deployment_environment_name": "dev"}
    assert len(resources) == 1  # or they would be other series
    assert totals == {
        ("floe_runs_total", frozenset({**shop, "state": "succeeded"}.items())): 3,
        ("floe_runs_total", frozenset({**shop, "state": "failed"}.items())): 1,
    }
    assert +buckets == {4: 4}  # of a tenth of a second to a quarter
    assert share(totals, formula) == {("shop",): 0.25}
