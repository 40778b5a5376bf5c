"""A run, told in OpenLineage: its start and end, and those of every model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from floe_core import telemetry
from floe_core.events import ModelFinished, ModelStarted, ModelState, RunEvent, TestFinished
from floe_core.lake import RunIdentity
from floe_core.lineage import Attempt, Datasets, EventType, Naming, assertion, facets, run_event
from floe_core.platform import Platform
from floe_core.run_result import RunState
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.started_models import forget_started, note_started, started_models
from floe_core.telemetry import LineageEvent, Resource, metrics

_PAIR: tuple[EventType, EventType] = ("START", "COMPLETE")
_MODEL_ENDS: dict[ModelState, EventType] = {"succeeded": "COMPLETE", "failed": "FAIL"}
_ENDS: dict[RunState, EventType] = {"succeeded": "COMPLETE", "failed": "FAIL", "cancelled": "ABORT"}


def naming_of(platform: Platform, state_dir: Path) -> Naming:
    """How the platform's tables are named; raises PluginError when a plugin cannot be made."""
    catalog = platform.catalog
    return Naming(catalog.catalog_name, catalog.protocol, platform.storage.warehouse_uri(state_dir))


@dataclass
class RunLineage:
    """A teller of run events, as events of OpenLineage.

    An attempt is a run of the product's job, the first under floe's own run id; a model's run has the
    attempt as its parent. ``compiled`` is the folder where dbt leaves the SQL it ran.
    """

    artifacts: CompiledArtifacts
    identity: RunIdentity
    resource: Resource
    naming: Naming
    compiled: Path | None = None
    _datasets: Datasets = field(init=False)
    _attempt: Attempt = field(init=False)
    _open: set[str] = field(default_factory=set)
    _written: dict[str, ModelFinished] = field(default_factory=dict)
    _found: dict[str, list[facets.Json]] = field(default_factory=lambda: defaultdict(list))
    _ended: bool = False

    def __post_init__(self) -> None:
        self._datasets = Datasets(self.artifacts, self.naming)
        self._attempt = Attempt(self.artifacts, self.identity, self.compiled)

    def begin(self) -> None:
        """Tell that the attempt starts."""
        self._tell(run_event("START", self._attempt.run(), self._attempt.job, inputs=self._sources()))

    def __call__(self, event: RunEvent) -> None:
        match event:
            case ModelStarted():
                note_started(*self._noted, event.unique_id)
                self._start_model(event.unique_id)
            case ModelFinished():
                self._end_model(event)
            case TestFinished() if event.about and event.state != "skipped":
                self._found[event.about].append(assertion(event, self._datasets.node(event.about)))

    def recall(self, done: Sequence[ModelFinished], told: Mapping[str, bool]) -> None:
        """Take up the lineage of an attempt whose process is gone: what it had done, and what was going.

        ``told`` are the jobs of which it is known here that anything was told, and whether their end was;
        all else that happened is told now, so that a receiver elsewhere may hear it twice.
        """
        jobs = {
            node.unique_id: self._attempt.model_job(node, ran=False).name for node in self.artifacts.nodes
        }
        self._open.update(unique_id for unique_id, job in jobs.items() if told.get(job) is False)
        if self._attempt.job.name not in told:
            self.begin()
        for model in done:
            if model.state in _MODEL_ENDS and jobs.get(model.unique_id) not in told:
                self._start_model(model.unique_id)
            self._end_model(model)
        ended = {model.unique_id for model in done}
        for unique_id in dict.fromkeys(started_models(*self._noted)):
            if unique_id not in ended and jobs.get(unique_id) not in told:
                self._start_model(unique_id)

    def end(self, state: RunState, *, reason: str | None) -> None:
        """Tell how the attempt ended, and with it the models that were going; a second word is ignored."""
        if self._ended:
            return
        self._ended = True
        kind = _ENDS[state]
        for unique_id in sorted(self._open):
            self._tell_model("ABORT" if kind == "COMPLETE" else kind, unique_id, error=reason)
        run = self._attempt.run(error=(reason or "failed") if kind == "FAIL" else None)
        inputs = [*self._sources(), *self._tested()]
        self._tell(run_event(kind, run, self._attempt.job, inputs=inputs, outputs=self._outputs()))
        forget_started(*self._noted)

    def materialized(self, event: ModelFinished) -> None:
        """Tell that the orchestrator counts the table as materialized: it is published."""
        dataset, node = self._datasets.find(event.unique_id), self._datasets.node(event.unique_id)
        if dataset is None or node is None:
            return
        run, job = self._attempt.asset_run(node), self._attempt.asset_job(node)
        for kind in _PAIR:
            self._tell(run_event(kind, run, job, outputs=[dataset.as_output(event.snapshot_id)]))

    @property
    def _noted(self) -> tuple[Path, str, int]:
        """Whose models are noted when they begin."""
        return self.resource.state_dir, self.identity.run_id, self.identity.attempt

    def _start_model(self, unique_id: str) -> None:
        self._open.add(unique_id)
        self._tell_model("START", unique_id)

    def _end_model(self, event: ModelFinished) -> None:
        if event.snapshot_id is not None:
            self._written[event.unique_id] = event
        if event.unique_id not in self._open:
            return  # skipped, or reused from an earlier attempt: it did not run
        self._open.remove(event.unique_id)
        kind = _MODEL_ENDS.get(event.state, "ABORT")
        self._tell_model(kind, event.unique_id, error=event.error, written=event)

    def _tell_model(
        self,
        kind: EventType,
        unique_id: str,
        *,
        error: str | None = None,
        written: ModelFinished | None = None,
    ) -> None:
        node, dataset = self._datasets.node(unique_id), self._datasets.find(unique_id)
        if node is None:
            return  # dbt ran what the artifact does not know
        run = self._attempt.model_run(node, error=(error or "failed") if kind == "FAIL" else None)
        job = self._attempt.model_job(node, ran=kind != "START")
        outputs = []
        if dataset is not None:
            snapshot_id = written.snapshot_id if written else None
            outputs.append(dataset.as_output(snapshot_id, _statistics(written), whole=kind != "START"))
        inputs = self._inputs(self._datasets.read_by(unique_id))
        self._tell(run_event(kind, run, job, inputs=inputs, outputs=outputs))

    def _tell(self, body: facets.Json) -> None:
        telemetry.offer(LineageEvent(body, self.resource))
        if at := telemetry.subject():
            at.meter.add(metrics.LINEAGE_EVENTS, 1)

    def _sources(self) -> list[facets.Json]:
        """What the product reads and does not write."""
        return self._inputs(self._datasets.sources())

    def _inputs(self, read: Iterable[str]) -> list[facets.Json]:
        return [
            dataset.as_input(self._snapshot(unique_id))
            for unique_id in read
            if (dataset := self._datasets.find(unique_id))
        ]

    def _outputs(self) -> list[facets.Json]:
        return [
            dataset.as_output(written.snapshot_id, _statistics(written))
            for unique_id, written in sorted(self._written.items())
            if (dataset := self._datasets.find(unique_id))
        ]

    def _tested(self) -> list[facets.Json]:
        """The tables that tests looked at, with what they found."""
        return [
            dataset.as_input(self._snapshot(unique_id), found)
            for unique_id, found in sorted(self._found.items())
            if (dataset := self._datasets.find(unique_id))
        ]

    def _snapshot(self, unique_id: str) -> int | None:
        written = self._written.get(unique_id)
        return written.snapshot_id if written else None


def _statistics(written: ModelFinished | None) -> facets.Json | None:
    if written is None or written.snapshot_id is None:
        return None
    return facets.output_statistics(written.added_rows, written.bytes, written.files)
