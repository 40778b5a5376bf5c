"""Runs and maintenance of a product keep out of each other's way."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from floe_core.errors import ConflictError
from floe_core.run_lock import maintenance_of_product, run_of_product

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
        with run_of_product(tmp_path, "shop", wait_s=30):
            order.append("run")

    waiting = threading.Event()
    thread = threading.Thread(target=run)
    with maintenance_of_product(tmp_path, "shop"):
        thread.start()
        assert waiting.wait(timeout=30)
        order.append("maintenance")
    thread.join(timeout=30)
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
    process.communicate(timeout=30)
    with run_of_product(tmp_path, "shop", wait_s=30):
        pass
