"""Building: one ``dbt build``, its end told as floe tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

from dbt import selected_resources
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunnerResult
from dbt_common.events.base_types import EventMsg

from floe_core.errors import FloeError, Problem, SpecError, WorkError
from floe_core.events import RunEvent
from floe_core.plugins.dbt import DbtLocation
from floe_dbt.invocation import exclusive, invoke
from floe_dbt.messages import cleaned, database_error
from floe_dbt.narrator import Narrator
from floe_dbt.own_sources import made_first, own_sources
from floe_dbt.parsing import parse_manifest


def build(
    location: DbtLocation,
    *,
    select: Sequence[str],
    full_refresh: bool,
    window: tuple[datetime, datetime] | None,
    observe: Callable[[RunEvent], None],
) -> bool:
    """Build what is selected; true when every model, and every test that must, did well."""
    for selector in select:
        if selector.startswith("-"):
            raise SpecError(Problem("FLOE-E507", f"'{selector}' is no selector"))
    arguments = ["--full-refresh"] if full_refresh else []
    arguments += ["--select", *select] if select else []
    for name, moment in zip(("start", "end"), window or (), strict=False):
        arguments += [f"--event-time-{name}", moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")]
    manifest = parse_manifest(location)
    made_first(manifest.nodes.values(), own_sources([*manifest.nodes.values(), *manifest.sources.values()]))
    with exclusive(location.project_dir):
        selected_resources.set_selected_resources(set())
        narrator = Narrator(manifest, observe)
        result = invoke("build", location, *arguments, manifest=manifest, callbacks=[narrator, _refuse_empty])
        narrator.raise_failure()
        return _outcome(result, select)


def _refuse_empty(message: EventMsg) -> None:
    """One of several selectors that matches nothing is a warning to dbt; raised here, nothing runs."""
    if message.info.name == "NoNodesForSelectionCriteria":
        raise SpecError(_nothing([message.data.spec_raw]))


def _outcome(result: dbtRunnerResult, select: Sequence[str]) -> bool:
    if isinstance(result.exception, FloeError):
        raise result.exception
    if result.exception is not None:
        raise _stopped(result.exception, select) from result.exception
    results = cast(RunExecutionResult, result.result).results
    if not results:
        raise SpecError(_nothing(select))
    for hook in results:
        if str(hook.node.resource_type) == "operation" and hook.status == "error":
            reason = database_error(_hook_error(hook.message))
            raise WorkError(Problem("FLOE-E505", f"{hook.node.name}: {reason}"))
    return result.success


def _stopped(error: BaseException, select: Sequence[str]) -> FloeError:
    """What dbt could not get over: a selection it cannot read, or anything before the first node."""
    if select and not selected_resources.SELECTED_RESOURCES:
        return SpecError(Problem("FLOE-E507", cleaned(str(error)), hint=_SYNTAX))
    return WorkError(Problem("FLOE-E506", f"dbt stopped: {database_error(str(error))}"))


def _nothing(select: Sequence[str]) -> Problem:
    if select:
        return Problem("FLOE-E507", f"'{' '.join(select)}' selects nothing", hint=_SYNTAX)
    return Problem("FLOE-E508", "the dbt project has nothing to build", hint="write a model: models/NAME.sql")


def _hook_error(message: str | None) -> str:
    return (message or "").split("failed, error:", 1)[-1]


_SYNTAX = "a model's name, '+name' with all before it, 'name+' with all after it, 'tag:x', 'path:models/x'"
