"""What is left to do of a run that did not end well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from floe_core.artifact_store import kept_artifacts
from floe_core.errors import Problem, WorkError
from floe_core.events import ModelFinished
from floe_core.ledger import Ledger
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts, Seed, Transform

_DONE = ("succeeded", "reused")
_GOOD = ("passed", "warned")


@dataclass(frozen=True)
class Resumption:
    """``reused`` are models done before, as the ledger had them; ``select`` is the rest, for dbt.

    ``select`` is None when nothing is left but to publish.
    """

    reused: tuple[ModelFinished, ...] = ()
    select: tuple[str, ...] | None = ()

    def told(self) -> list[ModelFinished]:
        return [
            ModelFinished(m.unique_id, m.name, "reused", 0.0, rows=m.rows, snapshot_id=m.snapshot_id)
            for m in self.reused
        ]


def resume(state_dir: Path, ledger: Ledger, artifacts: CompiledArtifacts, run_id: str) -> Resumption:
    """Find what the run's next attempt must do.

    A model done before is reused when neither it nor anything it is made from has changed since, and
    when all it reads of this run is reused. Its tests run again if they failed, or if any file changed.
    Raises WorkError when the run was published already.
    """
    attempts = [ledger.attempt(run.run_id, run.attempt) for run in reversed(ledger.find(run_id))]
    if any(attempt.published for attempt in attempts):
        raise WorkError(
            Problem("FLOE-E509", f"run '{run_id}' was published: nothing is left to do", hint="floe run")
        )
    planned, last = ledger.planned(run_id), attempts[-1]
    nodes = {node.unique_id: node for node in artifacts.nodes}
    before = kept_artifacts(state_dir, last.artifact_digest)
    if not planned.models or before is None:
        return Resumption()
    done = {model.unique_id: model for model in last.models if model.state in _DONE}
    reused = _reusable(artifacts, before, set(planned.models), set(done) & set(nodes))
    left = [unique_id for unique_id in planned.models if unique_id in nodes and unique_id not in reused]
    tests = _tests(artifacts, planned.tests, attempts, same=before.digest == artifacts.digest)
    select = tuple(dbt_selector(unique_id) for unique_id in (*left, *tests))
    return Resumption(tuple(done[unique_id] for unique_id in sorted(reused)), select or None)


def dbt_selector(unique_id: str) -> str:
    """The dbt selector of exactly one node, also when another package has one of its name."""
    kind, package, *name = unique_id.split(".")
    if kind == "test":
        name = name[:1]  # the rest tells tests of one name apart
    elif kind == "unit_test":
        name = name[-1:]
    return f"{'.'.join(name)},package:{package}"


def _reusable(
    artifacts: CompiledArtifacts, before: CompiledArtifacts, planned: set[str], done: set[str]
) -> set[str]:
    if artifacts.shared_digest != before.shared_digest:
        return set()
    old = {node.unique_id: _essence(node) for node in before.nodes}
    reusable = {
        node.unique_id
        for node in artifacts.nodes
        if node.unique_id in done and old.get(node.unique_id) == _essence(node)
    }
    upstream = {node.unique_id: set(node.depends_on) & planned for node in artifacts.transforms}
    while stale := {each for each in reusable if not upstream.get(each, set()) <= reusable}:
        reusable -= stale
    return reusable


def _essence(node: Seed | Transform) -> Mapping[str, object]:
    """What decides over a node's rows: all that is known of it but its tests."""
    return node.model_dump(exclude={"tests"})


def _tests(
    artifacts: CompiledArtifacts, planned: Sequence[str], attempts: Sequence[RunResult], *, same: bool
) -> list[str]:
    known = {test.unique_id for node in artifacts.nodes for test in node.tests}
    known |= {test.unique_id for test in artifacts.dagster.tests}
    last = {test.unique_id: test.state for attempt in attempts for test in attempt.tests}
    return [test for test in planned if test in known and not (same and last.get(test) in _GOOD)]
