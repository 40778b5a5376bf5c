"""What leaves through the door of errors: sentences, statuses, no traceback."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from floe_core.cli.door import pass_through
from floe_core.errors import (
    ConflictError,
    FloeError,
    IncompatibleChange,
    PluginError,
    PolicyError,
    Position,
    Problem,
    ServiceError,
    SpecError,
    WorkError,
)
from testing.command_line import Floe

Outputs = pytest.CaptureFixture[str]


def raising(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FloeError, 1),
        (WorkError, 1),
        (ConflictError, 1),
        (IncompatibleChange, 1),
        (SpecError, 2),
        (PluginError, 2),
        (PolicyError, 3),
        (ServiceError, 4),
    ],
)
def test_each_kind_of_error_has_its_status(kind: type[FloeError], status: int, capsys: Outputs) -> None:
    error = kind(Problem("FLOE-E999", "it is so"))
    assert pass_through(raising(error), []) == status
    assert capsys.readouterr() == ("", "FLOE-E999 it is so\n")


@pytest.mark.requirement("FR-015")
def test_all_problems_are_told_with_paths_as_seen_from_here(tmp_path: Path, capsys: Outputs) -> None:
    error = SpecError(
        [
            Problem(
                "FLOE-E204", "no such plugin", Position(str(tmp_path / "p/floe.yaml"), 9, 5), "take another"
            ),
            Problem("FLOE-E302", "no owner", Position("floe.yaml", 3), severity="warning"),
        ]
    )
    assert pass_through(raising(error), []) == 2
    assert capsys.readouterr().err == (
        "p/floe.yaml:9:5: FLOE-E204 no such plugin\n"
        "  hint: take another\n"
        "floe.yaml:3:1: FLOE-E302 warning: no owner\n"
    )


@pytest.mark.requirement("FR-015")
def test_ctrl_c_is_one_sentence(capsys: Outputs) -> None:
    assert pass_through(raising(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr() == ("", "FLOE-E002 interrupted\n")


@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no space left on the disk, writing 'a b', 3.0 kB free\n  hint: make room: df -h ."),
        (errno.EACCES, "cannot use 'a b': permission denied\n  hint: see whose it is: ls -ld 'a b'"),
        (errno.EROFS, "cannot use 'a b': read-only file system\n  hint: see whose it is: ls -ld 'a b'"),
        (errno.ENOTDIR, "cannot use 'a b': not a directory"),
    ],
)
def test_what_the_system_refuses_is_named(
    number: int, said: str, tmp_path: Path, capsys: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(number, os.strerror(number), str(tmp_path / "a b"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000))
    assert pass_through(raising(error), []) == 1
    assert capsys.readouterr() == ("", f"FLOE-E003 {said}\n")


@pytest.mark.requirement("FR-066")
def test_a_full_disk_is_found_below_the_error_of_an_engine(
    tmp_path: Path, capsys: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill() -> None:
        connection = sqlite3.connect(tmp_path / "ledger.db")
        connection.execute("pragma max_page_count = 2")
        try:
            connection.execute(
                "create table t as with recursive n(i) as"
                " (select 1 union all select i + 1 from n where i < 9999) select i from n"
            )
        except sqlite3.Error as error:
            raise RuntimeError("the engine's own words") from error
        finally:
            connection.close()

    (tmp_path / ".floe").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=512))
    assert pass_through(fill, []) == 1
    assert capsys.readouterr().err == (
        "FLOE-E003 a database in '.floe' cannot be used: database or disk is full, 512 bytes free\n"
        "  hint: make room: df -h .\n"
    )


@pytest.mark.requirement("FR-066")
def test_a_bug_is_one_sentence_and_its_details_are_in_a_file(tmp_path: Path, capsys: Outputs) -> None:
    (tmp_path / ".floe").mkdir()

    assert pass_through(raising(ValueError("password is hunter2")), []) == 1

    [log] = (tmp_path / ".floe/logs").iterdir()
    assert capsys.readouterr() == (
        "",
        f"FLOE-E004 this is a bug in floe; the details are in '.floe/logs/{log.name}'\n"
        "  hint: report it with that file\n",
    )
    assert log.read_text().splitlines()[-1] == "ValueError: password is hunter2"


@pytest.mark.requirement("FR-066")
def test_a_bug_outside_any_platform_is_told_in_a_temporary_file(tmp_path: Path, capsys: Outputs) -> None:
    assert pass_through(raising(ZeroDivisionError()), ["--output", "json"]) == 1
    [log] = tmp_path.iterdir()
    assert f"\"this is a bug in floe; the details are in '{log.name}'\"" in capsys.readouterr().out


@pytest.mark.requirement("FR-066")
def test_floe_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Outputs) -> None:
    monkeypatch.setenv("FLOE_DEBUG", "1")
    assert pass_through(raising(WorkError(Problem("FLOE-E999", "it is so"))), []) == 1
    lines = capsys.readouterr().err.splitlines()
    assert (lines[0], lines[-1]) == ("Traceback (most recent call last):", "FLOE-E999 it is so")


@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), (["--version"], 0), (["plugins", "list"], 0), (["rum"], 2)],
)
def test_a_reader_that_went_away_is_no_reason_to_say_anything_or_to_fail(
    arguments: list[str], status: int
) -> None:
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "floe_core.cli", *arguments],
        stdout=written,
        stderr=written if status else subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(written)
    assert (done.returncode, done.stderr or "") == (status, "")


@pytest.mark.requirement("FR-066")
def test_closed_standard_streams_are_no_reason_to_fail() -> None:
    floe = f"{shlex.quote(sys.executable)} -m floe_core.cli"
    statuses = [
        subprocess.run(["sh", "-c", f"{floe} {arguments} >&- 2>&-"], check=False).returncode
        for arguments in ("--version", "plugins list", "rum")
    ]
    assert statuses == [0, 0, 2]


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_and_a_closed_terminal_are_as_ctrl_c(number: signal.Signals, capsys: Outputs) -> None:
    before = signal.getsignal(number)
    assert pass_through(lambda: signal.raise_signal(number), []) == 130
    assert capsys.readouterr() == ("", "FLOE-E002 interrupted\n")
    assert signal.getsignal(number) is before


@pytest.mark.requirement("FR-015")
def test_what_nohup_ignores_stays_ignored(capsys: Outputs) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert pass_through(lambda: signal.raise_signal(signal.SIGHUP), []) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert capsys.readouterr() == ("", "")


@pytest.mark.requirement("FR-066")
def test_standard_output_on_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "floe_core.cli", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "FLOE-E003 no space left on the disk\n  hint: make room: df -h .\n"


@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize("command", ["run", "doctor", "init x"])
def test_a_folder_that_was_removed_below_ones_feet_is_told(floe: Floe, tmp_path: Path, command: str) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = floe(*command.split())
    assert result.status == 1
    assert "FLOE-E003 the folder one stands in is gone" in result.stdout + result.stderr
    assert "FLOE-E004" not in result.stdout + result.stderr
