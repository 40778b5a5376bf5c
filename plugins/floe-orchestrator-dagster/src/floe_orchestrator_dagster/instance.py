"""Dagster's own state, in the platform's: history, events, schedules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

# Usage statistics are off; a run waits for a free place instead of starving its neighbours; what a run
# says is in its events already, and the watchers of captured output print tracebacks on Ctrl-C.
_CONFIG = """\
telemetry:
  enabled: false
run_queue:
  max_concurrent_runs: 4
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def dagster_home(state_dir: Path) -> Path:
    """The folder for DAGSTER_HOME, made with its configuration when it is new."""
    home = state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(_CONFIG, encoding="utf-8")
    return home


def open_instance(state_dir: Path) -> dg.DagsterInstance:
    import dagster as dg  # 2.5 CPU seconds, and compile needs none of it

    return dg.DagsterInstance.from_config(str(dagster_home(state_dir)))


def make_storage(state_dir: Path) -> None:
    """Make Dagster's databases: two processes that do it at once get in each other's way."""
    if (dagster_home(state_dir) / "schedules" / "schedules.db").exists():
        return
    with open_instance(state_dir) as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
