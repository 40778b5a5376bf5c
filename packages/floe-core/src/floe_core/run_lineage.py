"""A run, told in OpenLineage: its start and end, and those of every model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from floe_core import telemetry
from floe_core.errors import PluginError
from floe_core.events import ModelFinished, ModelStarted, RunEvent, TestFinished
from floe_core.lake import RunIdentity
from floe_core.lineage import (
    Datasets,
    EventType,
    Job,
    Naming,
    Run,
    assertion,
    derived_run_id,
    facets,
    run_event,
)
from floe_core.platform import Platform
from floe_core.run_result import RunState
from floe_core.schemas.artifacts import CompiledArtifacts, Transform
from floe_core.telemetry import LineageEvent, Resource, metrics

_PAIR: tuple[EventType, EventType] = ("START", "COMPLETE")
_ENDS: dict[RunState, EventType] = {"succeeded": "COMPLETE", "failed": "FAIL", "cancelled": "ABORT"}


def naming_of(platform: Platform, state_dir: Path) -> Naming:
    """How the platform's tables are named; raises PluginError when a plugin cannot be made."""
    catalog = platform.catalog
    return Naming(catalog.catalog_name, catalog.protocol, platform.storage.warehouse_uri(state_dir))


def attach_lineage(platform: Platform, state_dir: Path) -> None:
    """Let the chosen plugin have the events; one that cannot be made tells nothing and hurts nobody."""
    key = ("lineage", state_dir)
    if telemetry.is_attached(key):
        return
    try:
        plugin = platform.lineage
    except PluginError:
        return
    if plugin is not None:
        telemetry.attach(key, plugin.exporters(state_dir), state_dir)


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
    _open: dict[str, ModelStarted] = field(default_factory=dict)
    _written: dict[str, ModelFinished] = field(default_factory=dict)
    _found: dict[str, list[facets.Json]] = field(default_factory=lambda: defaultdict(list))
    _ended: bool = False

    def __post_init__(self) -> None:
        self._datasets = Datasets(self.artifacts, self.naming)

    def begin(self) -> None:
        """Tell that the attempt starts."""
        self._tell(run_event("START", self._run(), self._product_job(), inputs=self._sources()))

    def __call__(self, event: RunEvent) -> None:
        match event:
            case ModelStarted():
                self._open[event.unique_id] = event
                self._tell_model("START", event.unique_id, event.name)
            case ModelFinished():
                self._end_model(event)
            case TestFinished() if event.about and event.state != "skipped":
                self._found[event.about].append(assertion(event, self._datasets.node(event.about)))

    def recall(self, done: Iterable[ModelFinished], jobs: Container[str]) -> None:
        """Take up the lineage of an attempt whose process is gone: what it had done, and what was going.

        ``jobs`` are those whose end was not told; of what had been done it is told now.
        """
        for node in self.artifacts.nodes:
            if f"{self.identity.product}.{node.name}" in jobs:
                self._open[node.unique_id] = ModelStarted(node.unique_id, node.name, 0, 0)
        for model in done:
            self._end_model(model)

    def end(self, state: RunState, *, reason: str | None) -> None:
        """Tell how the attempt ended, and with it the models that were going; a second word is ignored."""
        if self._ended:
            return
        self._ended = True
        kind = _ENDS[state]
        for event in list(self._open.values()):
            self._tell_model(
                "ABORT" if kind == "COMPLETE" else kind, event.unique_id, event.name, error=reason
            )
        run = self._run()
        if kind == "FAIL":
            run.facets["errorMessage"] = facets.error_message(reason or "failed", "PYTHON")
        inputs = [*self._sources(), *self._tested()]
        self._tell(run_event(kind, run, self._product_job(), inputs=inputs, outputs=self._outputs()))

    def materialized(self, event: ModelFinished) -> None:
        """Tell that the orchestrator counts the table as materialized: it is published."""
        dataset = self._datasets.find(event.unique_id)
        if dataset is None:
            return
        product = self.identity.product
        table = dataset.identity["name"].rpartition(".")[2]
        job = Job(
            self._namespace,
            f"{product}/{table}",
            {"jobType": facets.job_type("DAGSTER", "ASSET"), **self._ownership()},
        )
        run_id = derived_run_id(self.identity.run_id, self.identity.attempt, "asset", event.unique_id)
        run = Run(run_id, {**self._run_facets(event.unique_id), "parent": self._parent()})
        for kind in _PAIR:
            self._tell(run_event(kind, run, job, outputs=[dataset.as_output(event.snapshot_id)]))

    def _end_model(self, event: ModelFinished) -> None:
        started = self._open.pop(event.unique_id, None)
        if event.snapshot_id is not None:
            self._written[event.unique_id] = event
        if started is None:
            return  # skipped, or reused from an earlier attempt: it did not run
        kind: EventType = {"succeeded": "COMPLETE", "failed": "FAIL"}.get(event.state, "ABORT")  # type: ignore[assignment]
        self._tell_model(kind, event.unique_id, event.name, error=event.error, written=event)

    def _tell_model(
        self,
        kind: EventType,
        unique_id: str,
        name: str,
        *,
        error: str | None = None,
        written: ModelFinished | None = None,
    ) -> None:
        run_id = derived_run_id(self.identity.run_id, self.identity.attempt, unique_id)
        run = Run(run_id, {**self._run_facets(unique_id), "parent": self._parent()})
        node = self._datasets.node(unique_id)
        if kind == "FAIL":
            language = "PYTHON" if isinstance(node, Transform) and node.language == "python" else "SQL"
            run.facets["errorMessage"] = facets.error_message(error or "failed", language)
        job = Job(self._namespace, f"{self.identity.product}.{name}", self._model_job_facets(unique_id, kind))
        read = (self._input(each) for each in self._datasets.read_by(unique_id))
        dataset = self._datasets.find(unique_id)
        outputs = []
        if dataset is not None:
            snapshot_id = written.snapshot_id if written else None
            outputs.append(dataset.as_output(snapshot_id, _statistics(written), whole=kind != "START"))
        self._tell(run_event(kind, run, job, inputs=[each for each in read if each], outputs=outputs))

    def _tell(self, body: facets.Json) -> None:
        telemetry.offer(LineageEvent(body, self.resource))
        if at := telemetry.subject():
            at.meter.add(metrics.LINEAGE_EVENTS, 1)

    @property
    def _namespace(self) -> str:
        return f"floe://{self.resource.platform}/{self.identity.environment}"

    def _product_job(self) -> Job:
        said = {"jobType": facets.job_type("FLOE", "PIPELINE"), **self._ownership()}
        if self.artifacts.metadata.description:
            said["documentation"] = facets.job_documentation(self.artifacts.metadata.description)
        return Job(self._namespace, self.identity.product, said)

    def _ownership(self) -> facets.Json:
        owner = self.artifacts.metadata.owner
        return {"ownership": facets.job_ownership(owner)} if owner else {}

    def _model_job_facets(self, unique_id: str, kind: EventType) -> facets.Json:
        node = self._datasets.node(unique_id)
        said = {"jobType": facets.job_type("DBT", unique_id.partition(".")[0].upper()), **self._ownership()}
        if node is None:
            return said
        if node.description:
            said["documentation"] = facets.job_documentation(node.description)
        query = self._query(unique_id, node.path) if kind != "START" else None
        if query:
            said["sql"] = facets.sql(query, self.artifacts.plugins.compute.type)
        return said

    def _query(self, unique_id: str, path: str) -> str | None:
        """The model's SQL as dbt compiled it, which is known once it ran."""
        if self.compiled is None or not path.endswith(".sql"):
            return None
        try:
            return (self.compiled / unique_id.split(".")[1] / path).read_text(encoding="utf-8").strip()
        except OSError:
            return None

    def _run(self) -> Run:
        """The attempt: the first has floe's own run id, each later one hangs below it."""
        identity = self.identity
        if identity.attempt == 1:
            return Run(identity.run_id, self._run_facets(None))
        run = Run(derived_run_id(identity.run_id, identity.attempt), self._run_facets(None))
        first = {"runId": identity.run_id}
        job = self._product_job().identity
        run.facets["parent"] = facets.parent(first, job, first, job)
        return run

    def _parent(self) -> facets.Json:
        job = self._product_job().identity
        return facets.parent(self._run().identity, job, {"runId": self.identity.run_id}, job)

    def _run_facets(self, unique_id: str | None) -> facets.Json:
        identity = self.identity
        said: dict[str, Any] = {
            "runId": identity.run_id,
            "attempt": identity.attempt,
            "product": identity.product,
            "environment": identity.environment,
            "traceId": identity.trace_id,
            "spanId": telemetry.run_span_id(identity.run_id, identity.attempt)
            if unique_id is None
            else telemetry.model_span_id(identity.run_id, identity.attempt, unique_id),
            "artifactDigest": identity.artifact_digest,
        }
        if identity.git_commit:
            said["gitCommit"] = identity.git_commit
        floe_version = self.artifacts.metadata.floe_version
        return {
            "floe": facets.floe_run(said),
            "processing_engine": facets.processing_engine("floe", floe_version),
        }

    def _sources(self) -> list[facets.Json]:
        """What the product reads and does not write."""
        found = (self._input(unique_id) for unique_id in self._datasets.sources())
        return [each for each in found if each]

    def _input(self, unique_id: str) -> facets.Json | None:
        dataset, written = self._datasets.find(unique_id), self._written.get(unique_id)
        return dataset.as_input(written.snapshot_id if written else None) if dataset else None

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
