"""Waiting for a condition, without sleeping a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T], *, timeout_s: float = 120.0, interval_s: float = 0.05) -> T:
    """Ask until the answer is truthy and return it; TimeoutError names what never came true."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            name = getattr(condition, "__qualname__", repr(condition))
            raise TimeoutError(f"'{name}' did not come true within {timeout_s} s, last answer {answer!r}")
        Event().wait(interval_s)
