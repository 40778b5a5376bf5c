"""The rules for tests: what is found, and what is left alone."""

from __future__ import annotations

import pytest

from testing.quality import problems_of_source

_FORBIDDEN = {
    "pytest.skip('no server')": "'pytest.skip': a test runs or fails, it is never skipped",
    "import pytest as p; p.xfail()": "'pytest.xfail': a test runs or fails, it is never skipped",
    "from time import sleep; sleep(1)": "'time.sleep': poll the condition instead (testing.polling.wait_for)",
    "import time as t; t.sleep(1)": "'time.sleep': poll the condition instead (testing.polling.wait_for)",
    "expire(table, dry_run=True)": "'dry_run=True': do it and look at what it did",
    "x = 1  # TODO finish": "'TODO': finish it, or take the test out",
    "assert True": "asserts a constant, which is always true",
    "from unittest import mock; mock.patch('floe_core.run.execute')": (
        "replaces 'floe_core.run.execute': use the real code, not a mock of it"
    ),
    "from floe_core import run; monkeypatch.setattr(run, 'execute', f)": (
        "replaces 'floe_core.run': use the real code, not a mock of it"
    ),
    "import duckdb; duckdb.connect('a.db')": (
        "'duckdb.connect(file)': tables are read through the Iceberg catalog"
    ),
}
_ALLOWED = [
    "wait_for(done, timeout_s=5)",
    "text = 'TODO: time.sleep(1)'",
    "expire(table, dry_run=False)",
    "import duckdb; duckdb.connect(); duckdb.connect(':memory:')",
    "import os; monkeypatch.setattr(os, 'fsync', f)",
    "from floe_core import yaml; monkeypatch.setattr(yaml, 'MAX_BYTES', 10)",
]


@pytest.mark.requirement("TQR-010", "TQR-012", "TQR-013", "TQR-014", "NF-2", "NF-8")
@pytest.mark.parametrize(("source", "problem"), _FORBIDDEN.items())
def test_what_no_test_may_do_is_found_on_its_line(source: str, problem: str) -> None:
    assert problems_of_source(f"\n{source}\n", "test_x.py") == [f"test_x.py:2: {problem}"]


@pytest.mark.requirement("TQR-010")
@pytest.mark.parametrize("source", _ALLOWED)
def test_what_only_looks_forbidden_is_left_alone(source: str) -> None:
    assert problems_of_source(source, "test_x.py") == []


@pytest.mark.requirement("TQR-001", "TQR-011")
@pytest.mark.parametrize(
    "body",
    [
        "assert rows is not None",
        "assert len(rows) > 0",
        "assert len(rows) >= 1 and rows is not None",
        "assert result.success",
        "assert outcome.succeeded is True",
        "assert done.returncode == 0",
        "assert isinstance(rows, list)",
        "assert path.exists()",
    ],
)
def test_a_test_that_asserts_only_existence_or_success_is_found(body: str) -> None:
    assert problems_of_source(f"def test_it():\n    {body}\n", "test_x.py") == [
        "test_x.py:1: 'test_it' asserts only that something exists or claims success: compare values"
    ]


@pytest.mark.requirement("TQR-001", "TQR-011")
def test_a_test_that_asserts_nothing_is_found() -> None:
    assert problems_of_source("def test_it():\n    run()\n", "test_x.py") == [
        "test_x.py:1: 'test_it' asserts nothing: compare values"
    ]


@pytest.mark.requirement("TQR-001", "TQR-011")
@pytest.mark.parametrize(
    "body",
    [
        "assert rows is not None; assert rows == [1]",
        "assert not path.exists()",
        "assert len(rows) == 3",
        "assert healthy(plugin)",
        "golden('plan.json', text)",
        "with pytest.raises(ValueError): run()",
        "same_rows(left, right)",
    ],
)
def test_a_test_that_compares_values_is_left_alone(body: str) -> None:
    helper = "def same_rows(left, right):\n    assert left == right\n"
    assert problems_of_source(f"{helper}def test_it():\n    {body}\n", "test_x.py") == []


@pytest.mark.requirement("TQR-012")
def test_all_problems_of_a_module_are_told_at_once() -> None:
    source = "import time\ndef test_it():\n    time.sleep(1)\n    assert rows is not None  # FIXME\n"
    assert [problem.split(":")[1] for problem in problems_of_source(source, "test_x.py")] == ["2", "3", "4"]
