"""Runs the suite of the engine on one leg: ``python -m testing.services postgres|rest|vended``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from testing.offline import NOT_RUN
from testing.services import EMBEDDED, LEGS
from testing.services.tools import CannotBeRun, build_catalog, build_store, postgres_programs
from testing.sources import ROOT

_SUITE = "packages/floe-iceberg/tests"
# what rights on a store have to do with
_OWN = (
    "transaction",
    "merge",
    "cleanup",
    "retention",
    "lent_rights",
)
_NEEDS: Mapping[str, Sequence[Callable[[], object]]] = {
    "postgres": (postgres_programs,),
    "rest": (build_store, build_catalog),
    "vended": (build_store, build_catalog),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.services", description=__doc__)
    parser.add_argument("leg", choices=[leg for leg in LEGS if leg != EMBEDDED])
    leg = parser.parse_args().leg
    try:
        for need in _NEEDS[leg]:
            need()
    except CannotBeRun as error:
        print(f"NOT RUN: {error}")
        return NOT_RUN
    tests = [f"{_SUITE}/test_{name}.py" for name in _OWN] if leg == "vended" else [_SUITE]
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", "--leg", leg]
    return subprocess.run([*pytest, "-m", "not slow", *tests], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
