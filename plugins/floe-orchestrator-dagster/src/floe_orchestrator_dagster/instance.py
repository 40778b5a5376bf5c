"""Dagster's own state, in the platform's or where DAGSTER_HOME says: history, events, schedules."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from floe_core.errors import Problem, SpecError, shown
from floe_core.whole_file import write_if_changed
from floe_orchestrator_dagster.exclusive import exclusive

if TYPE_CHECKING:
    import dagster as dg

MAX_CONCURRENT_RUNS = 4
_OURS = "# Written by floe, anew at each start; take this line away to keep a version of your own.\n"
# Usage statistics are off. A run waits for a free place instead of starving its neighbours, and no product
# takes more than two places: one for a run, one for a second that is refused by name at once; of two that
# clock and sensors start in the same moment the later waits. What a run says is in its events already, and
# the watchers of captured output print tracebacks on Ctrl-C. The event log is Dagster's own files at
# Dagster's own place, kept open.
_CONFIG = """\
telemetry:
  enabled: false
run_queue:
  max_concurrent_runs: {max_concurrent_runs}
  tag_concurrency_limits:
    - key: floe/product
      value:
        applyLimitPerUniqueValue: true
      limit: 2
    - key: floe/unattended
      value:
        applyLimitPerUniqueValue: true
      limit: 1
run_retries:
  enabled: true
  max_retries: 0
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
event_log_storage:
  module: floe_orchestrator_dagster.event_log
  class: EventLog
  config:
    base_dir: {event_log}
"""


def dagster_home(state_dir: Path) -> Path:
    """The folder with Dagster's state, with a configuration in it.

    Raises SpecError when DAGSTER_HOME names what is no folder, as Dagster itself would.
    """
    home = _chosen_home() or state_dir / "dagster"
    file = home / "dagster.yaml"
    if not file.exists():
        configure(state_dir)
    elif (now := file.read_text(encoding="utf-8")).startswith(_OURS) and _event_log(home) not in now:
        chosen = re.search(
            r"max_concurrent_runs: (\d+)", now
        )  # the folder was moved, or an older floe wrote it
        configure(state_dir, max_concurrent_runs=int(chosen[1]) if chosen else MAX_CONCURRENT_RUNS)
    return home


def configure(state_dir: Path, *, max_concurrent_runs: int = MAX_CONCURRENT_RUNS) -> None:
    """Write the instance's configuration, unless somebody else wrote what is there."""
    home = _chosen_home() or state_dir / "dagster"
    path = home / "dagster.yaml"
    if path.exists() and not path.read_text(encoding="utf-8").startswith(_OURS):
        return
    text = _CONFIG.format(max_concurrent_runs=max_concurrent_runs, event_log=_event_log(home))
    write_if_changed(path, (_OURS + text).encode())


def _event_log(home: Path) -> str:
    """The folder where Dagster keeps its event logs by itself, as a YAML string."""
    return json.dumps(str(home.absolute() / "history" / "runs"))


def foreign_home(state_dir: Path) -> list[Problem]:
    """What to know of a DAGSTER_HOME that is set: who runs floe without it does not see these runs."""
    try:
        chosen = _chosen_home()
    except SpecError as error:
        return list(error.problems)
    if chosen is None or chosen.resolve() == (state_dir / "dagster").resolve():
        return []
    what = f"DAGSTER_HOME is set: Dagster's history is in '{shown(chosen)}', not beside the tables"
    hint = "unset DAGSTER_HOME, or set it wherever floe is run"
    return [Problem("FLOE-E040", what, hint=hint, severity="warning")]


def open_instance(state_dir: Path) -> dg.DagsterInstance:
    import dagster as dg  # 2.5 CPU seconds, and compile needs none of it

    return dg.DagsterInstance.from_config(str(dagster_home(state_dir)))


def make_storage(state_dir: Path) -> None:
    """Make Dagster's databases, one process at a time: two that do it at once get in each other's way."""
    home = dagster_home(state_dir)
    with exclusive(home / "making.lock"):
        if (home / "schedules" / "schedules.db").exists():
            return
        with open_instance(state_dir) as instance:
            instance.get_runs(limit=1)
            instance.all_instigator_state()


def _chosen_home() -> Path | None:
    chosen = os.environ.get("DAGSTER_HOME")
    if not chosen:
        return None
    home = Path(chosen)
    if not home.is_absolute() or not home.is_dir():
        raise SpecError(
            Problem(
                "FLOE-E906",
                f"DAGSTER_HOME is '{chosen}', which is no absolute path of a folder",
                hint="make the folder, or: unset DAGSTER_HOME",
            )
        )
    return home
