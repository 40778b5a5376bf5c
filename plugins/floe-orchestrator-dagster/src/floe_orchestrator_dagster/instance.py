"""Dagster's own state, in the platform's or where DAGSTER_HOME says: history, events, schedules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from floe_core.errors import Problem, SpecError, shown
from floe_core.whole_file import write_if_changed

if TYPE_CHECKING:
    import dagster as dg

MAX_CONCURRENT_RUNS = 4
_OURS = "# Written by floe, anew at each start; take this line away to keep a version of your own.\n"
# Usage statistics are off. A run waits for a free place instead of starving its neighbours, and no product
# takes more than two places: one for a run, one for a second that is refused by name at once. What a run
# says is in its events already, and the watchers of captured output print tracebacks on Ctrl-C.
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
run_retries:
  enabled: true
  max_retries: 0
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def dagster_home(state_dir: Path) -> Path:
    """The folder with Dagster's state, with a configuration in it.

    Raises SpecError when DAGSTER_HOME names what is no folder, as Dagster itself would.
    """
    home = _chosen_home() or state_dir / "dagster"
    if not (home / "dagster.yaml").exists():
        configure(state_dir)
    return home


def configure(state_dir: Path, *, max_concurrent_runs: int = MAX_CONCURRENT_RUNS) -> None:
    """Write the instance's configuration, unless somebody else wrote what is there."""
    path = (_chosen_home() or state_dir / "dagster") / "dagster.yaml"
    if path.exists() and not path.read_text(encoding="utf-8").startswith(_OURS):
        return
    write_if_changed(path, (_OURS + _CONFIG.format(max_concurrent_runs=max_concurrent_runs)).encode())


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
    """Make Dagster's databases: two processes that do it at once get in each other's way."""
    if (dagster_home(state_dir) / "schedules" / "schedules.db").exists():
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
