"""How the slow tier tells of its legs, and the leg without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from testing import offline, slow
from testing.sources import ROOT


def run_offline(*command: str) -> subprocess.CompletedProcess[str]:
    """Without the guard of the tests: the namespace alone shall hold."""
    unguarded = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    offline_python = [sys.executable, "-m", "testing.offline", *command]
    return subprocess.run(
        offline_python, cwd=ROOT, env=unguarded, capture_output=True, text=True, check=False
    )


@pytest.mark.requirement("NF-2")
def test_a_command_without_a_network_reaches_loopback_alone_or_is_not_run() -> None:
    program = (
        "import socket\n"
        "with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "    print(socket.create_connection(server.getsockname()).getpeername()[0])\n"
        "try: socket.create_connection(('192.0.2.1', 9), 5)\n"
        "except OSError as error: print(error.strerror)\n"
    )
    done = run_offline(sys.executable, "-W", "ignore", "-c", program)
    if done.returncode == offline.NOT_RUN:
        assert done.stdout.startswith("NOT RUN: ")
    else:
        said = ["no route out: 192.0.2.1 is unreachable, loopback is up", "127.0.0.1"]
        assert done.stdout.splitlines() == [*said, "Network is unreachable"]


@pytest.mark.requirement("NF-2")
def test_a_command_without_a_network_keeps_its_exit_status() -> None:
    assert run_offline("sh", "-c", "exit 3").returncode in (3, offline.NOT_RUN)


@pytest.mark.requirement("WU-8")
@pytest.mark.parametrize(
    ("outcome", "output", "line"),
    [
        ("ok", "....\n===== 4 passed in 2.00s =====\n", "ok       spark       2.0 s  4 passed in 2.00s"),
        ("NOT RUN", "NOT RUN: no mvn on the PATH\n", "NOT RUN  spark    no mvn on the PATH"),
        ("FAILED", "why\n1 failed\n", "FAILED   spark       2.0 s  1 failed\nwhy\n1 failed"),
    ],
)
def test_a_leg_is_told_in_one_line_and_a_failed_one_with_what_it_printed(
    outcome: str, output: str, line: str
) -> None:
    assert slow.told("spark", outcome, 2.0, output) == line


@pytest.mark.requirement("WU-8")
@pytest.mark.parametrize(
    ("programs", "status", "last"),
    [
        (["pass", "print('NOT RUN: no Java'); raise SystemExit(77)"], 0, "1 ok, 0 FAILED, 1 NOT RUN"),
        (["pass", "raise SystemExit(1)"], 1, "1 ok, 1 FAILED, 0 NOT RUN"),
    ],
)
def test_what_failed_fails_the_tier_and_what_was_not_run_does_not(
    programs: Sequence[str],
    status: int,
    last: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    legs = {f"leg {number}": ("-c", program) for number, program in enumerate(programs)}
    monkeypatch.setattr(slow, "LEGS", legs)
    assert slow.main([]) == status
    assert capsys.readouterr().out.splitlines()[-1] == last


@pytest.mark.requirement("WU-8")
def test_a_leg_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert slow.main(["sprak"]) == 2
    legs = "slow, hurried, writers, adapter, offline, postgres, rest, vended, crash, disk, duckdb, spark"
    assert capsys.readouterr().out == f"no leg 'sprak'\n  hint: one of {legs}\n"
