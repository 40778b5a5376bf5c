"""What loading a code location costs beyond ``import dagster``, in any environment that has Dagster.

``python location_load.py DEFINITIONS`` does what a code server does when it starts, and prints JSON.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path

import dagster  # noqa: F401 - its cost is everybody's


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main(file: str) -> None:
    before_mib, before_s = resident_mib(), time.process_time()
    spec = importlib.util.spec_from_file_location("definitions", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.defs.get_repository_def().load_all_definitions()
    cost = {"cpu_s": time.process_time() - before_s, "mib": resident_mib() - before_mib}
    print(json.dumps(cost))


if __name__ == "__main__":
    main(sys.argv[1])
