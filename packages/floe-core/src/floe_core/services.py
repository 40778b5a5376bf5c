"""The services a run needs, waited for when they are away: bounded, and ever less often."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from floe_core.errors import Problem, ServiceError
from floe_core.events import RunEvent, Waiting
from floe_core.lake import Lake
from floe_core.platform import Platform
from floe_core.plugins.base import Health
from floe_core.plugins.types import PluginType

WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""How long a run waits before each time it asks again: half a minute in all."""


class Services:
    """The plugins of a run, asked how they are."""

    def __init__(self, platform: Platform, state_dir: Path, observe: Callable[[RunEvent], None]) -> None:
        self._platform = platform
        self._state_dir = state_dir
        self._observe = observe
        self._waits = iter(WAITS_S)

    def opened(self) -> Lake:
        """The catalog, opened once it can be; raises ServiceError when the waits are used up."""
        while True:
            try:
                return self._platform.catalog.open(self._platform.storage, self._state_dir)
            except ServiceError as error:
                self._wait(error.problems[0].message, error)

    def were_away(self) -> bool:
        """Whether a service is away, waited for until it is back.

        What waiting cannot mend, such as a full disk, does not count. Raises ServiceError when it is not back
        within the waits the run has left.
        """
        if not (reasons := self._away()):
            return False
        while reasons:
            self._wait(reasons[0], _gone(reasons))
            reasons = self._away()
        return True

    def _away(self) -> list[str]:
        found = unhealthy(self._platform, self._state_dir)
        return [told(kind, health) for kind, health in found if not health.lasting]

    def _wait(self, reason: str, error: ServiceError) -> None:
        seconds = next(self._waits, None)
        if seconds is None:
            raise error
        self._observe(Waiting(reason, seconds))
        time.sleep(seconds)


def unhealthy(platform: Platform, state_dir: Path) -> list[tuple[PluginType, Health]]:
    """The services that are not well; asks each, with a timeout."""
    asked = ((kind, plugin.health(state_dir)) for kind, plugin in platform.services())
    return [(kind, health) for kind, health in asked if not health.healthy]


def told(kind: PluginType, health: Health) -> str:
    """What a service that is not well says, with its kind before it."""
    return f"{kind.value.replace('_', ' ')}: {health.reason}"


def _gone(reasons: list[str]) -> ServiceError:
    return ServiceError(
        [
            Problem("FLOE-E904", f"{reason}; waited {sum(WAITS_S):.0f} s", hint="once it is back: floe retry")
            for reason in reasons
        ]
    )
