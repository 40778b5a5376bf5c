"""A run: one transaction from the first model to the last table, whatever orchestrates it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from floe_core import telemetry
from floe_core.artifact_store import keep_artifacts
from floe_core.commit import commit_of
from floe_core.events import Logged, ModelFinished, Planned, Published, RunEvent, TestFinished
from floe_core.inlined_views import keep_views
from floe_core.lake import LakeRun, RunIdentity
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.plugins.dbt import DbtLocation
from floe_core.recovery import dead_runs, settle_dead_runs
from floe_core.resumption import Resumption, resume
from floe_core.run_lock import run_lock, run_of_product
from floe_core.run_result import RunResult, RunState, ended_by
from floe_core.run_telling import Telling, told
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.services import Services

DEFAULT_ENVIRONMENT = "dev"
_MAINTENANCE_WAIT_S = 600


@dataclass(frozen=True)
class RunRequest:
    """What to run; ``run_id`` stays the same over all attempts, ``engine_run_id`` is this attempt's.

    With ``resume`` only what earlier attempts left undone is run, and ``select`` is theirs. ``window`` is
    the time (start, end) that models built in batches are to build; without one it is dbt's choice.
    """

    run_id: str
    attempt: int
    engine_run_id: str | None = None
    select: tuple[str, ...] = ()
    full_refresh: bool = False
    resume: bool = False
    window: tuple[datetime, datetime] | None = None


def execute(
    location: Location,
    artifacts: CompiledArtifacts,
    request: RunRequest,
    observe: Callable[[RunEvent], None],
) -> RunResult:
    """Build the product on a branch of its own and publish all of it, or nothing.

    A failed model or test is a result, not an exception. Raises ConflictError when another run of
    the product is going or moved a table meanwhile, SpecError when the selection makes no sense,
    ServiceError when a service stayed away for longer than a run waits. Whatever is raised,
    KeyboardInterrupt too, is in the ledger by then.
    """
    platform = Platform(artifacts.plugins)
    ledger = Ledger(location.state_dir)
    identity = _identity(location, artifacts, request)
    services = Services(platform, location.state_dir, observe)
    if dead_runs(location.state_dir, ledger):  # before the lock: it would bring our own last attempt to life
        settle_dead_runs(location.state_dir, ledger, services.opened())
    with (
        told(platform, artifacts, identity, location) as telling,
        run_lock(location.state_dir, request.run_id),
        run_of_product(location.state_dir, identity.product, wait_s=_MAINTENANCE_WAIT_S),
    ):
        left = _left_to_do(location, ledger, artifacts, request)
        keep_artifacts(location.state_dir, artifacts)
        keep_views(location, identity.product, identity.artifact_digest)
        ledger.begin(identity, engine_run_id=request.engine_run_id, full_refresh=request.full_refresh)
        reuse = [model.unique_id for model in left.reused]
        with (
            _recorded(ledger, identity, telling) as outcome,
            services.opened().run(
                identity, reuse=reuse, tmp=platform.compute.tmp_dir(location.state_dir)
            ) as transaction,
        ):
            sources = [(source.namespace, source.table) for source in artifacts.sources]
            # what is reused was made from the sources as they were then
            read = ledger.inputs(request.run_id) if left.reused else {}
            ledger.record_inputs(identity, transaction.pin(sources, read))
            recorder = _Recorder(ledger, identity, transaction, (telling, observe))
            for event in left.told():
                recorder(event)
            build = _Build(platform, location, artifacts, request, recorder)
            complete = build.of(left)
            while not complete and services.were_away():
                recorder.forgive()
                complete = build.of(resume(location.state_dir, ledger, artifacts, request.run_id))
            if complete:
                ledger.intend(identity, list(transaction.written.items()))
                with telemetry.span("publish", scope="floe.iceberg"):
                    transaction.publish()
                outcome.published = True
                recorder(Published(tables=len(transaction.written)))
            else:
                outcome.state, outcome.reason = "failed", recorder.reason
    return ledger.attempt(identity.run_id, identity.attempt)


@dataclass(frozen=True)
class _Build:
    """What is left, built by dbt; true when all of it did well."""

    platform: Platform
    location: Location
    artifacts: CompiledArtifacts
    request: RunRequest
    observe: Callable[[RunEvent], None]

    def of(self, left: Resumption) -> bool:
        return left.select is None or self.platform.dbt.build(
            DbtLocation.of(self.location, self.artifacts.metadata.dbt_project),
            select=left.select,
            full_refresh=self.request.full_refresh,
            window=self.request.window,
            observe=self.observe,
        )


def _left_to_do(
    location: Location, ledger: Ledger, artifacts: CompiledArtifacts, request: RunRequest
) -> Resumption:
    if not request.resume:
        return Resumption(select=request.select)
    return resume(location.state_dir, ledger, artifacts, request.run_id)


def _identity(location: Location, artifacts: CompiledArtifacts, request: RunRequest) -> RunIdentity:
    return RunIdentity(
        run_id=request.run_id,
        attempt=request.attempt,
        product=artifacts.metadata.product_name,
        environment=DEFAULT_ENVIRONMENT,
        artifact_digest=artifacts.digest,
        trace_id=outer.trace_id if (outer := telemetry.outer()) else telemetry.new_trace_id(),
        git_commit=commit_of(location.product_dir),
    )


@dataclass
class _Outcome:
    state: RunState = "succeeded"
    published: bool = False
    reason: str | None = None


@contextmanager
def _recorded(ledger: Ledger, identity: RunIdentity, telling: Telling) -> Iterator[_Outcome]:
    """Write the outcome into the ledger and tell it, also when the run is left by an exception."""
    outcome = _Outcome()

    def end(_kind: object, error: BaseException | None, _trace: object) -> None:
        clean = telemetry.redact_error(error) if error else None  # before anybody writes it down
        if clean and not outcome.published:  # what is published is done, whatever those who hear of it meet
            outcome.state, outcome.reason = ended_by(clean)
        ledger.end(
            identity.run_id,
            identity.attempt,
            outcome.state,
            published=outcome.published,
            reason=outcome.reason,
        )
        telling.end(outcome.state, published=outcome.published, reason=outcome.reason)
        if clean and clean is not error:
            raise clean from None

    with ExitStack() as ending:
        ending.push(end)
        yield outcome


class _Recorder:
    """Adds what the transaction knows to each event, writes it down and passes it on to all who tell it."""

    def __init__(
        self,
        ledger: Ledger,
        identity: RunIdentity,
        transaction: LakeRun,
        tellers: Sequence[Callable[[RunEvent], None]],
    ) -> None:
        self._ledger = ledger
        self._identity = identity
        self._transaction = transaction
        self._tellers = tellers
        self._failed: list[str] = []

    def __call__(self, event: RunEvent) -> None:
        event = _redacted(event)
        if isinstance(event, Planned):
            self._ledger.record_plan(self._identity, event)
        elif isinstance(event, ModelFinished):
            written = self._transaction.written.get(event.unique_id)
            if written:
                event = replace(
                    event,
                    rows=written.rows,
                    snapshot_id=written.snapshot_id,
                    added_rows=written.added_rows,
                    files=written.added_files,
                    bytes=written.added_bytes,
                    size=written.size,
                    base_snapshot_id=written.base_snapshot_id,
                    snapshots=written.snapshots,
                )
            if event.state == "failed":
                self._failed.append(f"model '{event.name}' failed: {event.error}")
            self._ledger.record_model(self._identity, event)
        elif isinstance(event, TestFinished):
            event = replace(event, model=_name(event.model), about=event.model)
            if event.blocking and event.state in ("failed", "errored"):
                self._failed.append(f"test '{event.name}' {event.state}: {event.finding}")
            self._ledger.record_test(self._identity, event)
        for tell in self._tellers:
            tell(event)

    def forgive(self) -> None:
        """Take back what failed: it is tried again."""
        self._failed.clear()

    @property
    def reason(self) -> str:
        return "; ".join(self._failed) or "dbt did not finish"


def _redacted(event: RunEvent) -> RunEvent:
    """What an engine said may quote how it was let in."""
    if isinstance(event, ModelFinished | TestFinished) and event.error:
        return replace(event, error=telemetry.redacted(event.error))
    if isinstance(event, Logged):
        return replace(event, text=telemetry.redacted(event.text))
    return event


def _name(unique_id: str | None) -> str | None:
    """What people call a node: its id without resource type and package."""
    return unique_id and unique_id.split(".", 2)[-1]
