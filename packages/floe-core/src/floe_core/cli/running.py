"""Running a product, told while it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from floe_core.cli.outcome import outcome_lines
from floe_core.cli.output import Output, counted
from floe_core.cli.progress import Progress
from floe_core.compiler import Compilation, seldom_collecting
from floe_core.errors import FloeError, Problem, shown
from floe_core.events import RunEvent
from floe_core.ledger import Ledger
from floe_core.platform import Platform
from floe_core.plugins.orchestrator import OrchestratorPlugin
from floe_core.run_result import RunResult
from floe_core.telemetry.process import Session

Observer = Callable[[RunEvent], None]


class Interrupted(FloeError):
    """Somebody pressed Ctrl-C."""

    exit_status = 130


def run_and_tell(
    compilation: Compilation, output: Output, *, select: Sequence[str] = (), full_refresh: bool = False
) -> RunResult:
    """Run what was compiled, with a line for each model and the outcome; a failed model is a result."""

    def work(orchestrator: OrchestratorPlugin, observe: Observer) -> RunResult:
        return orchestrator.run(
            compilation.location,
            compilation.artifacts,
            select=select,
            full_refresh=full_refresh,
            observe=observe,
        )

    return _tell(compilation, output, work)


def retry_and_tell(compilation: Compilation, run_id: str, output: Output) -> RunResult:
    """Run what an earlier run left undone, told in the same way."""

    def work(orchestrator: OrchestratorPlugin, observe: Observer) -> RunResult:
        return orchestrator.retry(compilation.location, compilation.artifacts, run_id, observe=observe)

    return _tell(compilation, output, work)


def tell_lost(telling: Session, output: Output) -> None:
    """Say so when what was told did not all arrive: nothing else shows it here."""
    if telling.lost:
        lost = counted(telling.lost, "record")
        output.note(f"telemetry: {lost} could not be handed on; what is wrong is told by: floe doctor")


def _tell(
    compilation: Compilation, output: Output, work: Callable[[OrchestratorPlugin, Observer], RunResult]
) -> RunResult:
    artifacts = compilation.artifacts
    progress = Progress([node.name for node in artifacts.nodes])
    before = _newest(compilation)
    try:
        # garbage of a long run goes all the same: each million objects that stay, all of it is looked for
        with output.alone(), seldom_collecting(50_000, 10, 2):
            result = work(Platform(artifacts.plugins).orchestrator, _unheard if output.json else progress)
    except KeyboardInterrupt as interrupt:
        raise _interrupted(before, _newest(compilation)) from interrupt
    finally:
        if not output.json:
            progress.close()
    for line in outcome_lines(result, _sources(compilation)):
        output.line(line)
    return result


def _unheard(event: RunEvent) -> None:
    """JSON is one document at the end."""


def _newest(compilation: Compilation) -> RunResult | None:
    ledger = Ledger(compilation.location.state_dir)
    return next(iter(ledger.runs(compilation.artifacts.metadata.product_name, limit=1)), None)


def _interrupted(before: RunResult | None, after: RunResult | None) -> Interrupted:
    """What was published is published, also when the interrupt came a moment later."""
    ours = after is not None and (before is None or _attempt(before) != _attempt(after))
    published = ours and after is not None and after.published
    said = "interrupted, but everything was published" if published else "interrupted: nothing was published"
    return Interrupted(Problem("FLOE-E002", said, hint=None if published else "floe retry"))


def _attempt(run: RunResult) -> tuple[str, int]:
    return run.run_id, run.attempt


def _sources(compilation: Compilation) -> dict[str, str]:
    """The file of each model and seed, by unique id."""
    project = compilation.location.product_dir / compilation.artifacts.metadata.dbt_project
    return {node.unique_id: shown(project / node.path) for node in compilation.artifacts.nodes}
