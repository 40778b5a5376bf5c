"""What starts runs besides the clock: a healthy platform, and news from upstream."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.services import told, unhealthy
from floe_orchestrator_dagster.names import Product
from floe_orchestrator_dagster.rivals import rival
from floe_orchestrator_dagster.tags import unattended

_INTERVAL_S = 10
_LONGEST_WAIT_S = 600


def health_check_sensor(
    location: Location,
    artifacts: Product,
    job: UnresolvedAssetJobDefinition,
    *,
    clock: Callable[[], float] = time.time,
) -> dg.SensorDefinition:
    """Start ``job`` once, as soon as every service is healthy and the product never ran.

    While one is not, it is asked ever less often, up to ten minutes; each tick says what it waits for.
    """
    platform, product = Platform(artifacts.plugins), artifacts.metadata.product_name

    @dg.sensor(
        name=f"{artifacts.dagster.job_name}_first_run",
        job=job,
        minimum_interval_seconds=_INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def first_run(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if Ledger(location.state_dir).runs(product, limit=1):
            return _skip("the product has run before")
        if going := rival(context.instance, location, product):
            return _skip(going)
        before = _Waiting.read(context.cursor)
        if (left_s := before.until - clock()) > 0:
            return _skip(f"waiting for {before.reason}; asking again in {left_s:.0f} s", before)
        found = [told(kind, health) for kind, health in unhealthy(platform, location.state_dir)]
        if found:
            waiting = before.longer("; ".join(found), clock())
            return _skip(f"waiting for {waiting.reason}", waiting)
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key="first run", tags=unattended(product))], cursor=""
        )

    return first_run


@dataclass(frozen=True)
class _Waiting:
    """What a sensor waits for, and when (seconds since 1970) it asks again."""

    reason: str = ""
    wait_s: float = 0.0
    until: float = 0.0

    @classmethod
    def read(cls, cursor: str | None) -> _Waiting:
        return cls(**json.loads(cursor)) if cursor else cls()

    def longer(self, reason: str, now: float) -> _Waiting:
        """Twice the last wait, the first being as long as the sensor's own interval."""
        wait_s = min(2 * self.wait_s or _INTERVAL_S, _LONGEST_WAIT_S)
        return _Waiting(reason, wait_s, now + wait_s)


def _skip(reason: str, waiting: _Waiting | None = None) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=json.dumps(asdict(waiting)) if waiting else None)


def upstream_sensors(
    location: Location,
    artifacts: Product,
    job: UnresolvedAssetJobDefinition,
) -> list[dg.SensorDefinition]:
    """The sensor of ``when: upstream-changed``; none when floe.yaml does not say it."""
    if (artifacts.dagster.schedule or {}).get("when") != "upstream-changed":
        return []
    product = artifacts.metadata.product_name
    read = sorted({(source.namespace, source.table) for source in artifacts.sources if source.product})

    @dg.sensor(
        name=f"{artifacts.dagster.job_name}_upstream_changed",
        job=job,
        minimum_interval_seconds=_INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def upstream_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        ledger = Ledger(location.state_dir)
        now = _newest(ledger, read)
        if not now:
            return dg.SensorResult(skip_reason=f"nothing published yet of {_names(read)}")
        seen = json.loads(context.cursor) if context.cursor else {}
        changed = [table for table, snapshot in now.items() if seen.get(table) != snapshot]
        if not changed:
            return dg.SensorResult(skip_reason=f"no new snapshot of {_names(read)}")
        if going := rival(context.instance, location, product):
            return dg.SensorResult(skip_reason=going)
        key = json.dumps(now, sort_keys=True)
        tags = {**unattended(product), "floe/upstream": ", ".join(changed)}
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags=tags)], cursor=key)

    return [upstream_changed]


def _newest(ledger: Ledger, tables: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The newest published snapshot of each table, by its name; maintenance makes none that counts."""
    found = ledger.published_snapshots(sorted({namespace for namespace, _ in tables}))
    return {f"{n}.{t}": str(found[n, t]) for n, t in tables if (n, t) in found}


def _names(tables: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"'{namespace}.{table}'" for namespace, table in tables) or "any other product"
