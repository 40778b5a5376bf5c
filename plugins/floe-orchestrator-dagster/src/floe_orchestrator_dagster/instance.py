"""Dagster's own state, in the platform's: history, events, schedules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

# usage statistics are off; a run waits for a free place instead of starving its neighbours
_CONFIG = """\
telemetry:
  enabled: false
run_queue:
  max_concurrent_runs: 2
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
