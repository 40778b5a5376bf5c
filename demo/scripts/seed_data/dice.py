"""Chance that repeats: ``Random.random()``, which Python promises not to change, and plain arithmetic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Choices with whole-number weights."""

    def __init__(self, choices: Sequence[tuple[T, int]]) -> None:
        self._choices = [choice for choice, _ in choices]
        self._bounds = list(accumulate(weight for _, weight in choices))

    def at(self, share: float) -> T:
        """The choice at ``share`` (0 up to 1) of all weight."""
        return self._choices[bisect_right(self._bounds, int(share * self._bounds[-1]))]


class Dice:
    """A source of chance with a name; the same name rolls the same."""

    def __init__(self, name: str) -> None:
        self._random = Random(name).random

    def chance(self, percent: float) -> bool:
        return self._random() * 100 < percent

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self._random() * len(choices))]

    def weighted(self, choices: Weighted[T]) -> T:
        return choices.at(self._random())

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """``count`` different choices, in the order they stand in."""
        ranked = sorted(range(len(choices)), key=lambda _: self._random())
        return [choices[index] for index in sorted(ranked[:count])]

    def moment(self, start: datetime, end: datetime) -> datetime:
        """A whole second from ``start`` up to, not including, ``end``."""
        seconds = int((end - start).total_seconds())
        return start + timedelta(seconds=int(self._random() * seconds))
