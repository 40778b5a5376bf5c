"""No class of dbt's adapter suite is left out in silence, and none of its tests is lost."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import dbt.tests.adapter
import pytest

from testing.adapter_bases import COLLECTED
from testing.sources import ROOT

_HERE = Path(__file__).parent
_README = _HERE.parents[1] / "README.md"
_SUITE = Path(next(iter(dbt.tests.adapter.__path__)))
_PREFIX = "dbt.tests.adapter."


def of_the_suite() -> Iterator[str]:
    """The suite's classes to subclass that have tests, by module and name."""
    for path in sorted(_SUITE.rglob("*.py")):
        module = ".".join(path.relative_to(_SUITE).with_suffix("").parts)
        classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
        loaded = importlib.import_module(_PREFIX + module) if classes else None
        for node in classes:
            has_tests = any(name.startswith("test_") for name in dir(getattr(loaded, node.name)))
            if has_tests and not node.name.startswith("Test"):
                yield f"{module}.{node.name}"


def run_here() -> Iterator[str]:
    """The suite's classes that those of this folder are or come from."""
    for path in sorted(_HERE.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"suite_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        if path != Path(__file__):
            spec.loader.exec_module(module)
        for name, value in vars(module).items():
            if name.startswith("Test") and isinstance(value, type):
                for base in value.__mro__:
                    if base.__module__.startswith(_PREFIX):
                        yield f"{base.__module__.removeprefix(_PREFIX)}.{base.__name__}"


def left_out() -> list[str]:
    """The first column of the README's table, in which '*' stands for all of a module."""
    _, _, rest = _README.read_text(encoding="utf-8").partition("| class of the suite | on dbt-duckdb |")
    table, _, _ = rest.partition("\n\n")
    return re.findall(r"^\| `([^`]+)` \| \S.* \| \S.* \|$", table, re.MULTILINE)


@pytest.mark.requirement("FR-020", "TQR-002")
def test_every_class_runs_or_stands_in_the_readme_s_table() -> None:
    suite, run, names = set(of_the_suite()), set(run_here()), left_out()

    silent = sorted(each for each in suite - run if not any(fnmatch(each, name) for name in names))
    needless = sorted(name for name in names if not any(fnmatch(each, name) for each in suite - run))

    assert (silent, needless) == ([], [])


@pytest.mark.slow
@pytest.mark.requirement("FR-020", "TQR-002")
def test_as_many_tests_are_collected_as_there_are() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(_HERE)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    here = sum("/test_collected.py::" in line for line in told.splitlines())
    assert sum("::" in line for line in told.splitlines()) - here == COLLECTED
