"""Ended wherever a file changes, whatever it was doing: before or after, and only orphans are left over.

`make test-crash` tries all the points.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.crash.operations import OPERATIONS
from testing.crash.shim import built
from testing.crash.sweep import Tally, left_over, points_of, sweep
from testing.crash.victim import Victim, victim_in

# how many of an operation's points are of the kind that each ending counts, at the least
SHARES = {"kill": 1.0, "tear": 0.3, "power": 1.0}
SHARES |= {"ENOSPC": 0.9, "EIO": 1.0, "EIO once": 1.0, "EMFILE": 0.4, "EIO reading": 0.15}

FAULTS = ("ENOSPC", "EIO", "EIO reading", "EMFILE", "EIO once")


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    with victim_in(tmp_path, built(tmp_path)) as victim:
        yield victim


@pytest.mark.requirement("FR-027", "FR-028", "FR-032")
def test_work_that_ends_at_some_point_is_done_or_not_done_and_a_retry_does_the_rest(victim: Victim) -> None:
    chance, tally = random.Random(1), Tally()
    for turn, operation in enumerate(OPERATIONS):
        points = points_of(victim, operation, "kill")
        for ending in ("kill", ("tear", "power")[turn % 2], FAULTS[turn % len(FAULTS)]):
            tally += sweep(victim, operation, ending, [chance.randint(1, int(points * SHARES[ending]))])
    assert tally.complaints + left_over(victim) == []
    assert tally.tried >= 2.5 * len(OPERATIONS)  # a point may be beyond what there was to do
    assert (tally.lost, tally.doubled) == (0, 0)
    assert victim.losses >= len(OPERATIONS) // 2  # what was not synced when the power went


@pytest.mark.requirement("FR-022", "FR-027")
def test_what_was_acknowledged_survives_a_power_loss_and_with_pyiceberg_s_own_files_is_lost(
    victim: Victim,
) -> None:
    for operation in ("create", "overwrite", "merge", "publish"):
        answer = victim.attempt(operation, 0, "power")
        assert (answer.outcome, answer.lost) == ("done", False)
    assert victim.losses == 0  # everything was on disk
    assert victim.naive("two appends by PyIceberg") == "done"
    assert victim.losses > 0
    with pytest.raises(FileNotFoundError, match=r"metadata\.json"):
        victim.state()
