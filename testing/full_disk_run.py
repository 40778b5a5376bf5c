"""``floe run`` on a disk that is full once three models are done: ``python -m testing.full_disk_run``.

Runs the production line in the folder one stands in, in a process that has the library of ``testing.crash``.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from floe_core.cli import main
from testing.crash.shim import ENDINGS, arm
from testing.polling import wait_for
from testing.production_line import ProductionLine


def fill_up(line: ProductionLine) -> None:
    wait_for(line.is_at_fourth, timeout_s=300, interval_s=0.02)
    arm(line.state_dir / "warehouse", 1, ENDINGS["ENOSPC"])


if __name__ == "__main__":
    watching = threading.Thread(target=fill_up, args=(ProductionLine(Path.cwd(), "line"),), daemon=True)
    watching.start()
    sys.argv = ["floe", "run"]
    main()
