"""Runs and maintenance of a product keep out of each other's way."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from floe_core.errors import ConflictError
from floe_core.run_lock import is_alive, maintenance_of_product, run_lock, run_of_product

_MAINTAINS_UNTIL_KILLED = """
import sys
from pathlib import Path
from floe_core.run_lock import maintenance_of_product
with maintenance_of_product(Path(sys.argv[1]), "shop"):
    print("maintaining", flush=True)
    sys.stdin.read()
"""


@pytest.mark.requirement("FR-032")
def test_a_run_waits_until_the_maintenance_has_ended(tmp_path: Path) -> None:
    order: list[str] = []

    def run() -> None:
        waiting.set()
        with run_of_product(tmp_path, "shop", wait_s=120):
            order.append("run")

    waiting = threading.Event()
    thread = threading.Thread(target=run)
    with maintenance_of_product(tmp_path, "shop"):
        thread.start()
        assert waiting.wait(timeout=120)
        order.append("maintenance")
    thread.join(timeout=120)
    assert order == ["maintenance", "run"]


@pytest.mark.requirement("FR-032")
def test_a_run_does_not_wait_for_ever(tmp_path: Path) -> None:
    with (
        maintenance_of_product(tmp_path, "shop"),
        pytest.raises(ConflictError, match="FLOE-E515 product 'shop' has been under maintenance for 0 s"),
        run_of_product(tmp_path, "shop", wait_s=0),
    ):
        pass


@pytest.mark.requirement("FR-032")
def test_maintenance_keeps_off_a_product_that_is_run_or_maintained(tmp_path: Path) -> None:
    told = "FLOE-E516 product 'shop' is being run or maintained"
    with run_of_product(tmp_path, "shop", wait_s=0), run_of_product(tmp_path, "shop", wait_s=0):
        with pytest.raises(ConflictError, match=told), maintenance_of_product(tmp_path, "shop"):
            pass
        with maintenance_of_product(tmp_path, "other"):
            pass
    with (
        maintenance_of_product(tmp_path, "shop"),
        pytest.raises(ConflictError, match=told),
        maintenance_of_product(tmp_path, "shop"),
    ):
        pass


@pytest.mark.requirement("FR-032", "FR-027")
def test_a_maintenance_that_was_killed_locks_nobody_out(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _MAINTAINS_UNTIL_KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "maintaining\n"
    with pytest.raises(ConflictError), run_of_product(tmp_path, "shop", wait_s=0):
        pass
    process.kill()
    process.communicate(timeout=120)
    with run_of_product(tmp_path, "shop", wait_s=120):
        pass


@pytest.mark.requirement("FR-020", "FR-027")
def test_who_looks_whether_a_run_lives_is_taken_for_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_lock(tmp_path, "r1"):
        assert is_alive(tmp_path, "r1")
    file = next(tmp_path.rglob("r1.lock")).open()
    flock, kinds = fcntl.flock, []

    def noted(descriptor: int, kind: int) -> None:
        kinds.append(kind)
        flock(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", noted)
    assert not is_alive(tmp_path, "r1")
    flock(file, kinds[0])  # as another who looks in this moment
    assert not is_alive(tmp_path, "r1")

    def looked_away(descriptor: int, kind: int) -> None:
        try:
            flock(descriptor, kind)
        except BlockingIOError:
            file.close()
            raise

    monkeypatch.setattr(fcntl, "flock", looked_away)
    with run_lock(tmp_path, "r1"):
        assert file.closed
        assert is_alive(tmp_path, "r1")
