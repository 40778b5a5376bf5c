"""The steps of a run in Dagster's own event log, and to whoever started it in this process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import dagster as dg

from floe_core.events import Logged, ModelFinished, Published, RunEvent, TestFinished, Waiting
from floe_orchestrator_dagster.assets.partitions import Window
from floe_orchestrator_dagster.observing import Watcher


class Teller:
    """An observer of a run; remembers what Dagster wants to hear at its end."""

    def __init__(self, context: dg.AssetExecutionContext, watching: Watcher) -> None:
        self._log = context.log
        self._observe = watching.observe
        self._batches: dict[str, tuple[Window, ...]] = defaultdict(tuple)

    def batches(self, unique_id: str) -> Sequence[Window]:
        """The batches of time that were built of the model in this attempt."""
        return self._batches[unique_id]

    def __call__(self, event: RunEvent) -> None:
        match event:
            case Logged():
                self._log.log(event.level.upper(), f"{event.name}: {event.text}")
            case ModelFinished():
                self._batches[event.unique_id] += event.batches
                if event.state == "reused":  # of the others dbt has said it, and each line costs milliseconds
                    self._log.info(f"{event.name}: {event.rows} rows of an earlier attempt are reused")
                if event.error:
                    self._log.error(f"{event.name}: {event.error}")
            case TestFinished() if event.state not in ("passed", "skipped"):
                self._log.warning(f"test {event.name} {event.state}: {event.error or event.failures}")
            case Waiting():
                self._log.warning(f"{event.reason}; asking again in {event.seconds:.0f} s")
            case Published():
                self._log.info(f"published {event.tables} tables")
        self._observe(event)
