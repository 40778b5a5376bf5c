"""Maintenance of a product, told as one span with what was written below it, and a line at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from floe_core import telemetry
from floe_core.exporting import attach_exporters, resource_of
from floe_core.lake import RunIdentity, TableMaintenance
from floe_core.platform import Platform
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.telemetry import Meter, OpenSpan, SpanContext, Subject, Value
from floe_core.telemetry.logs import tell
from floe_core.telemetry.tracing import cause

_LOGGER = "floe.maintenance"


@contextmanager
def told(
    platform: Platform,
    artifacts: CompiledArtifacts,
    identity: RunIdentity,
    state_dir: Path,
    done: Sequence[TableMaintenance],
) -> Iterator[None]:
    """Tell of the maintenance inside; ``done`` is what it has done to each table when it ends."""
    with telemetry.session():
        attach_exporters(platform, state_dir)
        resource = resource_of(artifacts, identity.environment, state_dir)
        context = SpanContext(identity.trace_id, telemetry.run_span_id(identity.run_id, identity.attempt))
        common: dict[str, Value] = {
            "pipeline_name": identity.product,
            "floe.product": identity.product,
            "floe.run_id": identity.run_id,
        }
        whole = OpenSpan(context, None, "maintenance", resource, attributes=dict(common))
        subject = Subject(resource, context, Meter({}), {context.span_id: common})

        def ended(_kind: object, error: BaseException | None, _trace: object) -> None:
            counts = _counts(done)
            whole.attributes |= counts
            telemetry.offer(whole.ended(error=cause(error)))
            state, said = ("failed", {"error": cause(error)}) if error else ("succeeded", {})
            tell(_LOGGER, "error" if error else "info", f"maintenance {state}", {**counts, **said}, context)

        with (
            telemetry.about(subject),
            telemetry.within(context),
            telemetry.hearing_others(),
            ExitStack() as ending,
        ):
            ending.push(ended)
            yield


def _counts(done: Sequence[TableMaintenance]) -> dict[str, Value]:
    return {
        "floe.tables": len(done),
        "floe.rows_deleted": sum(table.rows_deleted for table in done),
        "floe.files_compacted": sum(table.files_compacted for table in done),
        "floe.snapshots_expired": sum(len(table.snapshots_expired) for table in done),
        "floe.files_removed": sum(table.files_removed for table in done),
        "floe.bytes_removed": sum(table.bytes_removed for table in done),
    }
