"""Which published run wrote each table last, and from which version of the product."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from floe_core.artifact_store import kept_artifacts
from floe_core.events import ModelFinished
from floe_core.ledger import Ledger
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts

_DONE = ("succeeded", "reused")
_AT_MOST = 50  # runs to look back through: who selects models of a product has some older than the last run


@dataclass(frozen=True)
class Build:
    """One model's part in a published run; ``artifacts`` is None when they are not kept any more."""

    run: RunResult
    model: ModelFinished
    artifacts: CompiledArtifacts | None


def last_builds(
    state_dir: Path, product: str, environment: str, wanted: Collection[str]
) -> tuple[RunResult | None, dict[str, Build]]:
    """The last published run, and the last build of each node that is wanted, by unique id."""
    ledger = Ledger(state_dir)
    runs = ledger.published(product, environment, limit=_AT_MOST)
    kept = cache(lambda digest: kept_artifacts(state_dir, digest))
    builds: dict[str, Build] = {}
    for run in runs:
        if builds.keys() >= set(wanted):
            break
        for model in ledger.attempt(run.run_id, run.attempt).models:
            if model.state in _DONE and model.unique_id in wanted:
                builds.setdefault(model.unique_id, Build(run, model, kept(run.artifact_digest)))
    return (runs[0] if runs else None), builds
