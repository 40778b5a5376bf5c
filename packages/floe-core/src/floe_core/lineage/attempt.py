"""An attempt of a run as OpenLineage knows it: its own run and job, and those of its models below it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from floe_core.lake import RunIdentity
from floe_core.lineage import facets
from floe_core.lineage.events import Job, Run, derived_run_id
from floe_core.lineage.facets import Json
from floe_core.schemas.artifacts import CompiledArtifacts, Seed, Transform
from floe_core.telemetry import model_span_id, run_span_id


@dataclass(frozen=True)
class Attempt:
    """Runs and jobs, each with its facets; ``compiled`` is the folder where dbt leaves the SQL it ran."""

    artifacts: CompiledArtifacts
    identity: RunIdentity
    compiled: Path | None = None

    def run(self, error: str | None = None) -> Run:
        """The attempt's own: the first has floe's run id, each later one hangs below it."""
        identity = self.identity
        said = self._run_facets(run_span_id(identity.run_id, identity.attempt))
        if error is not None:
            said["errorMessage"] = facets.error_message(error, "PYTHON")
        if identity.attempt == 1:
            return Run(identity.run_id, said)
        first, job = {"runId": identity.run_id}, self.job.identity
        said["parent"] = facets.parent(first, job, first, job)
        return Run(derived_run_id(identity.run_id, identity.attempt), said)

    @cached_property
    def job(self) -> Job:
        """The product's."""
        said = {"jobType": facets.job_type("FLOE", "PIPELINE"), **self._ownership}
        if self.artifacts.metadata.description:
            said["documentation"] = facets.job_documentation(self.artifacts.metadata.description)
        return Job(self._namespace, self.identity.product, said)

    def model_run(self, node: Seed | Transform, error: str | None = None) -> Run:
        run = Run(self._derived(node.unique_id), self._below(node.unique_id))
        if error is not None:
            language = "PYTHON" if isinstance(node, Transform) and node.language == "python" else "SQL"
            run.facets["errorMessage"] = facets.error_message(error, language)
        return run

    def model_job(self, node: Seed | Transform, *, ran: bool) -> Job:
        """A model's; ``ran`` is with the SQL that dbt made of it."""
        kind = node.unique_id.partition(".")[0].upper()
        said = {"jobType": facets.job_type("DBT", kind), **self._ownership}
        if node.description:
            said["documentation"] = facets.job_documentation(node.description)
        if ran and (query := self._query(node)):
            said["sql"] = facets.sql(query, self.artifacts.plugins.compute.type)
        return Job(self._namespace, f"{self.identity.product}.{node.name}", said)

    def asset_run(self, node: Seed | Transform) -> Run:
        """The orchestrator's materialization of a table."""
        return Run(self._derived("asset", node.unique_id), self._below(node.unique_id))

    def asset_job(self, node: Seed | Transform) -> Job:
        said = {"jobType": facets.job_type("DAGSTER", "ASSET"), **self._ownership}
        return Job(self._namespace, f"{self.identity.product}/{node.table}", said)

    @property
    def _namespace(self) -> str:
        return f"floe://{self.artifacts.metadata.platform}/{self.identity.environment}"

    @cached_property
    def _ownership(self) -> Json:
        owner = self.artifacts.metadata.owner
        return {"ownership": facets.job_ownership(owner)} if owner else {}

    @cached_property
    def _parent(self) -> Json:
        job = self.job.identity
        return facets.parent(self.run().identity, job, {"runId": self.identity.run_id}, job)

    def _derived(self, *parts: str) -> str:
        return derived_run_id(self.identity.run_id, self.identity.attempt, *parts)

    def _below(self, unique_id: str) -> Json:
        identity = self.identity
        span_id = model_span_id(identity.run_id, identity.attempt, unique_id)
        return {**self._run_facets(span_id), "parent": self._parent}

    def _run_facets(self, span_id: str) -> Json:
        identity = self.identity
        said: dict[str, Any] = {
            "runId": identity.run_id,
            "attempt": identity.attempt,
            "product": identity.product,
            "environment": identity.environment,
            "traceId": identity.trace_id,
            "spanId": span_id,
            "artifactDigest": identity.artifact_digest,
        }
        if identity.git_commit:
            said["gitCommit"] = identity.git_commit
        engine = facets.processing_engine("floe", self.artifacts.metadata.floe_version)
        return {"floe": facets.floe_run(said), "processing_engine": engine}

    def _query(self, node: Seed | Transform) -> str | None:
        if self.compiled is None or not node.path.endswith(".sql"):
            return None
        try:
            path = self.compiled / node.unique_id.split(".")[1] / node.path
            return path.read_text(encoding="utf-8").strip()
        except OSError:
            return None
