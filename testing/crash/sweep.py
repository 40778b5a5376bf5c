"""Ends an operation at many points and counts what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from testing.crash import shim
from testing.crash.operations import OPERATIONS
from testing.crash.victim import Answer, Victim

TOLD = ("FLOE-E510", "FLOE-E604", "FLOE-E606", "FLOE-E607", "FLOE-E613")


@dataclass
class Tally:
    """Tries that ended early, and those of them after which something was lost or doubled."""

    tried: int = 0
    lost: int = 0
    doubled: int = 0
    complaints: list[str] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.tried + other.tried,
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.complaints + other.complaints,
        )

    def __str__(self) -> str:
        return f"{self.tried} points tried, {self.lost} lost, {self.doubled} doubled"


def points_of(victim: Victim, operation: str, ending: str) -> int:
    """How many points the operation comes to; it is done once for it."""
    answer = victim.attempt(operation, 0, ending)
    assert (answer.outcome, answer.seen) == ("done", answer.after), (operation, ending, answer)
    return answer.points


def sweep(victim: Victim, operation: str, ending: str, points: Iterable[int]) -> Tally:
    """End the operation at each point; where it lived to tell, try again what is left to do."""
    tally = Tally()
    for n in points:
        answer = victim.attempt(operation, n, ending)
        where = f"{operation}, {ending} at {n}: {answer.outcome}"
        tally.tried += answer.points >= n
        tally.lost += answer.lost
        tally.doubled += answer.doubled
        if answer.lost or answer.doubled:
            tally.complaints.append(f"{where}: {_difference(answer)}")
        elif shim.ENDINGS[ending].fails and answer.outcome != "done":
            tally.complaints += [f"{where}: {reason}" for reason in _ill_told(victim, ending, answer)]
            tally.complaints += [f"{where}: {reason}" for reason in _ill_retried(victim, operation, answer)]
    return tally


def left_over(victim: Victim) -> list[str]:
    """What removal got wrong, once nothing that was ended early is of use to anybody any more."""
    superfluous, missing = victim.orphans()
    return [f"not removed: {path}" for path in sorted(superfluous)] + [
        f"removed: {path}" for path in sorted(missing)
    ]


def _difference(answer: Answer) -> str:
    parts = []
    for name in sorted(answer.seen.keys() | answer.after.keys()):
        seen, after, before = (state.get(name) for state in (answer.seen, answer.after, answer.before))
        if seen != after:
            parts.append(f"'{name}' was {before}, should be {after}, is {seen}")
    return "; ".join(parts)


def _ill_told(victim: Victim, ending: str, answer: Answer) -> list[str]:
    """What the message of the failure lacks: floe's own code, the path, and on a full disk the space."""
    wrong = []
    if not answer.outcome.startswith(TOLD):
        wrong.append("is not told as a disk's failure")
    if str(victim.lake.home) not in answer.outcome:
        wrong.append("names no path")
    if ending == "ENOSPC" and " free" not in answer.outcome:
        wrong.append("names no space")
    return wrong


def _ill_retried(victim: Victim, operation: str, answer: Answer) -> list[str]:
    again = victim.again(operation, answer)
    if again.outcome != "done":
        return [f"the next attempt: {again.outcome}"]
    if again.seen != answer.after:
        return [f"the next attempt: {_difference(again)}"]
    if not OPERATIONS[operation].is_run:
        return []
    expected = {name: "1" if name in answer.written else "2" for name in victim.written_by(operation)}
    attempts = victim.attempts(expected)
    return [] if attempts == expected else [f"attempts wrote {attempts}, not {expected}"]
