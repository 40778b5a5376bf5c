"""The rules at work in a pytest run of their own."""

from __future__ import annotations

import os

import pytest

from testing.sources import ROOT

pytest_plugins = ["pytester"]

_PROVEN = "import pytest\npytestmark = pytest.mark.requirement('FR-010')\n"


@pytest.fixture
def other(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project that loads our plugin."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    pytester.makeconftest("pytest_plugins = ['testing.plugin']")
    return pytester


def _run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """In a process of its own: the plugin changes the environment of the process it is in."""
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


@pytest.mark.requirement("NF-4", "TQR-010")
def test_everything_wrong_with_a_module_is_its_collection_error(other: pytest.Pytester) -> None:
    other.makepyfile(
        "import pytest\n"
        "def test_unmarked():\n"
        "    assert True\n"
        "@pytest.mark.requirement('FR-999')\n"
        "def test_unknown():\n"
        "    assert 1 + 1 == 2\n"
    )
    done = _run(other)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(
        [
            "*::test_unmarked: names no requirement: add @pytest.mark.requirement*",
            "*::test_unknown: 'FR-999' is no known requirement",
            "*.py:3: asserts a constant, which is always true",
        ]
    )


@pytest.mark.requirement("NF-2")
def test_code_that_swallows_the_refusal_fails_its_test_all_the_same(other: pytest.Pytester) -> None:
    other.makepyfile(
        _PROVEN
        + "import socket\n"
        + "def test_quiet():\n"
        + "    try: socket.create_connection(('192.0.2.1', 9), 5)\n"
        + "    except OSError: pass\n"
        + "    assert 1 + 1 == 2\n"
    )
    done = _run(other)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["tests stay on this machine:", "socket.getaddrinfo to '192.0.2.1'*"])


@pytest.mark.requirement("TQR-002")
def test_a_golden_file_is_compared_byte_for_byte_and_rewritten_on_demand(other: pytest.Pytester) -> None:
    other.makepyfile(_PROVEN + "def test_text(golden): golden('a.txt', 'new\\n')")
    file = other.path / "golden" / "a.txt"
    file.parent.mkdir()
    file.write_text("old\n")
    _run(other).assert_outcomes(failed=1)
    _run(other, "--update-golden").assert_outcomes(passed=1)
    assert file.read_bytes() == b"new\n"
