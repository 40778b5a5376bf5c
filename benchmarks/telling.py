"""What telling a run costs by itself: the events of a thousand models, with nothing done for them.

``python -m benchmarks.telling`` gives CPU a model, of all threads, and how long the end takes: kept
locally, with a receiver that is gone, with one that accepts and says nothing, and with one that trickles.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path

from benchmarks.table import Section
from floe_core import telemetry
from floe_core.events import Logged, ModelFinished, ModelStarted, Phase, Published, RunEvent, TestFinished
from floe_core.exporting import resource_of
from floe_core.lake import RunIdentity
from floe_core.lineage import Naming
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.run_lineage import RunLineage
from floe_core.run_telemetry import RunTelemetry
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_iceberg.table import TableId
from floe_iceberg.tracing import step
from floe_local import LocalLineage, LocalTelemetry
from floe_telemetry_otlp import OtlpTelemetry
from testing.otlp_receiver import bad_receiver
from testing.sources import ROOT

_NOTE = """Nine records a model (spans, log lines) and the run's metrics, of 1,000 models told at once: CPU of
all threads, and how long the end of a command waits; lineage is four events a model beside them.
`python -m benchmarks.telling`; beside whole runs `python -m benchmarks.telemetry`."""
_GOLDEN = ROOT / "packages/floe-core/tests/golden/customer-360/compiled_artifacts.json"
_ARTIFACTS = CompiledArtifacts.model_validate_json(_GOLDEN.read_bytes())


def events(number: int, models: int) -> Iterator[RunEvent | None]:
    """What a run says of one model with a test; None is where it is written."""
    name, now = f"m{number}", datetime.now(UTC)
    unique_id = f"model.chain.{name}"
    phases = (Phase("compile", now, now), Phase("execute", now, now))
    yield ModelStarted(unique_id, name, number, models)
    yield Logged(name, "info", f"{number} of {models} START sql table model chain.{name} ....... [RUN]")
    yield None
    yield ModelFinished(
        unique_id, name, "succeeded", 0.1, rows=10, snapshot_id=1, phases=phases, added_rows=10, size=9
    )
    yield Logged(name, "info", f"{number} of {models} OK created sql table model chain.{name} ... [OK]")
    yield TestFinished(f"test.{name}", f"not_null_{name}", name, "passed", 0, 0.1, True, about=unique_id)


def tell(plugin: TelemetryBackendPlugin | None, models: int, state_dir: Path) -> tuple[float, float, int]:
    """CPU seconds of it all, seconds that the end took, and how many records were lost."""
    trace_id, cpu = telemetry.new_trace_id(), time.process_time()
    identity = RunIdentity(str(time.time()), 1, "chain", "dev", _ARTIFACTS.digest, trace_id)
    with telemetry.session() as session:
        if plugin:
            telemetry.attach("telemetry", plugin.exporters(state_dir), state_dir, size=100_000)
        spans = RunTelemetry(_ARTIFACTS, identity, resource_of(_ARTIFACTS, "dev", state_dir))
        with telemetry.about(spans.subject), telemetry.within(spans.root.context):
            for number in range(models):
                for event in events(number, models):
                    if event:
                        spans(event)
                    else:
                        _write(number, identity)
            spans(Published(models))
            spans.end("succeeded", published=True, reason=None)
        ended = time.monotonic()
    return time.process_time() - cpu, time.monotonic() - ended, session.lost


def tell_lineage(models: int, state_dir: Path) -> tuple[float, float, int]:
    """The same for lineage: all four events of each model, those of the demo's product again and again."""
    trace_id, cpu = telemetry.new_trace_id(), time.process_time()
    identity = RunIdentity(str(time.time()), 1, "chain", "dev", _ARTIFACTS.digest, trace_id)
    naming = Naming("floe", "sql", "file:///warehouse")
    with telemetry.session() as session:
        telemetry.attach("lineage", LocalLineage().exporters(state_dir), state_dir, size=100_000)
        lineage = RunLineage(_ARTIFACTS, identity, resource_of(_ARTIFACTS, "dev", state_dir), naming)
        for number, node in zip(range(models), cycle(_ARTIFACTS.nodes), strict=False):
            lineage(ModelStarted(node.unique_id, node.name, number, models))
            done = ModelFinished(node.unique_id, node.name, "succeeded", 0.1, rows=10, snapshot_id=1, bytes=9)
            lineage(done)
            lineage.materialized(done)
        ended = time.monotonic()
    return time.process_time() - cpu, time.monotonic() - ended, session.lost


def _write(number: int, identity: RunIdentity) -> None:
    for name in ("write", "commit"):
        with step(name, TableId("chain", f"m{number}"), identity.summary(f"model.chain.m{number}")):
            pass


def measure(models: int = 1000) -> Section:
    """The way of each kind of receiver, the median of three."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ways: dict[str, TelemetryBackendPlugin] = {"kept locally": LocalTelemetry()}
        for kind in ("gone", "black hole", "trickles"):
            url = stack.enter_context(bad_receiver(kind))
            ways[f"OTLP, receiver: {kind}"] = OtlpTelemetry(endpoint=url)
        for plugin in ways.values():
            tell(plugin, 10, Path(folder))  # imports
        tell_lineage(10, Path(folder))
        rows = [(way, *_figures(partial(tell, plugin), models, Path(folder))) for way, plugin in ways.items()]
        rows.append(("lineage, kept locally", *_figures(tell_lineage, models, Path(folder))))
    return Section("Telemetry", ("", "ms CPU a model", "aim", "s at the end", "aim"), rows, _NOTE)


def _figures(
    call: Callable[[int, Path], tuple[float, float, int]], models: int, state_dir: Path
) -> tuple[str, str, str, str]:
    cpu, end, _ = sorted(call(models, state_dir) for _ in range(3))[1]
    return f"{cpu / models * 1000:.2f}", "3", f"{end:.2f}", "2"


if __name__ == "__main__":
    print(measure())
