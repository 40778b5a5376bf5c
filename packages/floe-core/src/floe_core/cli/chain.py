"""Where the rows of a table come from: a chain of links, each checked against what it claims."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic_core import from_json

from floe_core.artifact_store import kept_bytes, kept_trace
from floe_core.cli.output import counted, timestamp
from floe_core.commit import DIRTY, has_commit
from floe_core.events import ModelFinished
from floe_core.lake import MaintenanceResult, TableHistory, TableSnapshot
from floe_core.ledger import Ledger
from floe_core.run_result import RunResult
from floe_core.telemetry import SpanContext, run_span_id
from floe_core.telemetry_reader import TelemetryReader, ToldSpan

State = Literal["verified", "broken", "unknown"]


@dataclass(frozen=True)
class Link:
    """One step back; ``unknown`` is what cannot be checked here, ``broken`` what contradicts another link."""

    link: str
    value: str | None
    state: State
    note: str = ""


@dataclass(frozen=True)
class Chain:
    """The links of one state of a table; ``product_dir`` is where its product lies."""

    namespace: str
    table: str
    snapshot: TableSnapshot
    history: TableHistory
    state_dir: Path
    product_dir: Path

    def links(self) -> Iterator[Link]:
        """From the rows back to the commit and to what the policies said."""
        yield self.snapshot_link()
        yield self._run()
        yield self._model()
        yield self._artifact()
        yield self._commit()
        yield self._trace()
        yield self._compile()
        yield self._policy()

    def said(self, key: str) -> str | None:
        """What the snapshot's summary says under one of floe's names."""
        return self.snapshot.summary.get(f"floe.{key}")

    @cached_property
    def run(self) -> RunResult | None:
        """The attempt that wrote the snapshot, as the ledger has it."""
        run_id, attempt = self.said("run-id"), self.said("attempt")
        ledger = Ledger(self.state_dir)
        known = [each.attempt for each in ledger.find(run_id)] if run_id else []
        number = next((each for each in known if str(each) == attempt), None)
        return None if run_id is None or number is None else ledger.attempt(run_id, number)

    @cached_property
    def maintenance(self) -> MaintenanceResult | None:
        """The pass of maintenance that wrote the snapshot, if one did."""
        run_id, product = self.said("run-id"), self.said("product")
        if run_id is None or product is None:
            return None
        passes = Ledger(self.state_dir).maintenance(product, limit=-1)
        return next((each for each in passes if each.run_id == run_id), None)

    @cached_property
    def model(self) -> ModelFinished | None:
        """The model of that attempt that wrote it."""
        models = self.run.models if self.run else ()
        return next((each for each in models if each.unique_id == self.said("model")), None)

    @cached_property
    def artifact(self) -> dict[str, Any] | None:
        """The artifact that ran, if what is kept under its digest still has it."""
        digest = self.said("artifact-digest")
        kept = kept_bytes(self.state_dir, digest) if digest else None
        if kept is None or hashlib.sha256(kept).hexdigest() != digest:
            return None
        found: dict[str, Any] = from_json(kept)
        return found

    @cached_property
    def span(self) -> ToldSpan | None:
        """The run's own span."""
        if self.run is None:
            return None
        return TelemetryReader(self.state_dir).span(run_span_id(self.run.run_id, self.run.attempt))

    def snapshot_link(self) -> Link:
        """The state of the table itself."""
        rows = self.snapshot.summary.get("total-records")
        note = f"{counted(int(rows), 'row')}, " if rows else ""
        note += f"committed {timestamp(self.snapshot.committed_at)}"
        value = str(self.snapshot.snapshot_id)
        if self.said("run-id") is None:
            return Link(
                "snapshot", value, "broken", f"{note}; its summary names no run: floe did not write it"
            )
        if self.model and rows and self.model.rows is not None and self.model.rows != int(rows):
            return Link("snapshot", value, "broken", f"{note}; the ledger says {self.model.rows:,} rows")
        return Link("snapshot", value, "verified", note)

    def _run(self) -> Link:
        value, run = self.said("run-id"), self.run
        if value is None:
            return Link("run", None, "broken", "the snapshot names none")
        if run is None:
            return Link("run", value, "broken", f"the ledger knows no attempt {self.said('attempt')} of it")
        note = f"attempt {run.attempt} of {run.product}, {run.state}, {timestamp(run.started_at)}"
        if not run.published:
            return Link("run", value, "broken", f"{note}; it was not published")
        left = {(namespace, table): found for namespace, table, found in Ledger(self.state_dir).intended(run)}
        if left.get((self.namespace, self.table)) != self.snapshot.snapshot_id:
            return Link("run", value, "broken", f"{note}; the ledger does not say that it left this snapshot")
        return Link("run", value, "verified", note)

    def _model(self) -> Link:
        value, model, node = self.said("model"), self.model, self._node
        if value is None:
            return Link("model", None, "broken", "the snapshot names none")
        if model is None:
            return Link("model", value, "broken", "the ledger has no such model of the run")
        if model.snapshot_id != self.snapshot.snapshot_id:
            return Link("model", value, "broken", f"the ledger says it wrote snapshot '{model.snapshot_id}'")
        if self.artifact is None:
            return Link("model", value, "unknown", "the artifact is not there to be asked")
        if node is None or (node["namespace"], node["table"]) != (self.namespace, self.table):
            return Link("model", value, "broken", "in the artifact it is not the model of this table")
        return Link("model", value, "verified", f"{node['path']}, {model.seconds:.2f} s")

    @property
    def _node(self) -> dict[str, Any] | None:
        nodes = (*self.artifact["seeds"], *self.artifact["transforms"]) if self.artifact else ()
        return next((node for node in nodes if node["unique_id"] == self.said("model")), None)

    def _artifact(self) -> Link:
        value = self.said("artifact-digest")
        if value is None:
            return Link("artifact", None, "broken", "the snapshot names none")
        if self.run and self.run.artifact_digest != value:
            return Link("artifact", value, "broken", f"the ledger says '{self.run.artifact_digest}'")
        if self.artifact is None:
            kept = kept_bytes(self.state_dir, value) is not None
            note = "what is kept of it has another digest" if kept else "it is not kept any more"
            return Link("artifact", value, "broken", note)
        return Link("artifact", value, "verified", "digest computed again")

    def _commit(self) -> Link:
        value, told = self.said("git-commit"), self.run.git_commit if self.run else None
        if self.run and told != value:
            return Link("commit", value, "broken", f"the ledger says '{told or 'none'}'")
        if value is None:
            return Link("commit", None, "verified" if self.run else "unknown", "it was in no git repository")
        known = has_commit(self.product_dir, value.removesuffix(DIRTY))
        if known is None:
            return Link("commit", value, "unknown", "there is no git repository here to ask")
        if not known:
            return Link("commit", value, "broken", "the repository does not have it")
        if value.endswith(DIRTY):
            return Link("commit", value, "unknown", "the files had changes that were not committed")
        return Link("commit", value, "verified", "it is in the repository")

    def _trace(self) -> Link:
        value, span = self.said("trace-id"), self.span
        if value is None:
            return Link("trace", None, "broken", "the snapshot names none")
        if self.run and self.run.trace_id != value:
            return Link("trace", value, "broken", f"the ledger says '{self.run.trace_id}'")
        if span is None:
            return Link("trace", value, "unknown", "no span of it is kept here")
        if span.context.trace_id != value:
            return Link("trace", value, "broken", f"the run's span is of trace '{span.context.trace_id}'")
        return Link("trace", value, "verified", f"the run's span, {span.seconds:.2f} s")

    def _compile(self) -> Link:
        if self.span is None:
            return self._noted_compile()
        if not self.span.links:
            return Link("compile", None, "unknown", "the run's span names no compilation")
        context = self.span.links[0]
        span = TelemetryReader(self.state_dir).span(context.span_id)
        if span is None:
            return Link("compile", context.trace_id, "unknown", "no span of it is kept here")
        digest = span.attributes.get("floe.artifact_digest")
        if (span.context, digest) != (context, self.said("artifact-digest")):
            return Link("compile", context.trace_id, "broken", f"it made the artifact '{digest}'")
        return Link("compile", context.trace_id, "verified", f"it made the artifact, {span.seconds:.2f} s")

    def _noted_compile(self) -> Link:
        """What is noted beside the artifact, where no span is kept."""
        digest = self.said("artifact-digest")
        noted = kept_trace(self.state_dir, digest) if digest else None
        compiled = SpanContext.parse(noted) if noted else None
        if compiled is None:
            return Link("compile", None, "unknown", "the run's span would name it")
        return Link("compile", compiled.trace_id, "unknown", "no span of it is kept here")

    def _policy(self) -> Link:
        if self.artifact is None:
            return Link("policy", None, "unknown", "it stands in the artifact")
        result = self.artifact["enforcement_result"]
        value = "passed" if result["passed"] else "refused"
        errors, warnings = (
            counted(result["error_count"], "error"),
            counted(result["warning_count"], "warning"),
        )
        note = f"level {result['enforcement_level']}: {errors}, {warnings}"
        return Link("policy", value, "verified" if result["passed"] else "broken", note)


def whole_chain(chain: Chain) -> Iterator[Link]:
    """All links: what maintenance left is followed back to what a run had written."""
    while (maintained := chain.maintenance) is not None:
        yield chain.snapshot_link()
        note = f"{maintained.state}, {timestamp(maintained.started_at)}"
        yield Link("maintenance", maintained.run_id, "verified", note)
        parent_id = chain.snapshot.parent_id
        parent = None if parent_id is None else chain.history.find(parent_id)
        if parent is None:
            yield Link("snapshot", str(parent_id), "unknown", "the state before it has expired")
            return
        chain = replace(chain, snapshot=parent)
    yield from chain.links()
