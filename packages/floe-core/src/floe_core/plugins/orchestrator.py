"""What runs products, on demand and on time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from floe_core.events import RunEvent
from floe_core.location import Location
from floe_core.plugins.base import Plugin

if TYPE_CHECKING:
    from floe_core.run_result import RunResult
    from floe_core.schemas.artifacts import CompiledArtifacts


@dataclass(frozen=True)
class Served:
    """The orchestrator's processes; ``found`` when they were being served before, and are somebody else's."""

    url: str
    pids: tuple[int, ...]
    found: bool


class OrchestratorPlugin(Plugin, ABC):
    """An orchestrator."""

    @abstractmethod
    def definitions_source(self, manifest: str | None) -> str:
        """The text of ``definitions.py``; ``manifest`` is its path relative to that file's folder."""

    @abstractmethod
    def write_workspace(self, locations: Sequence[Location]) -> Path:
        """Write the list of code locations into the platform's state and return its path."""

    @abstractmethod
    def run(
        self,
        location: Location,
        artifacts: CompiledArtifacts,
        *,
        select: Sequence[str],
        full_refresh: bool,
        observe: Callable[[RunEvent], None],
    ) -> RunResult:
        """Run the product's job in this process, on the instance the UI reads.

        Raises ConflictError when another run of the product is going.
        """

    @abstractmethod
    def retry(
        self,
        location: Location,
        artifacts: CompiledArtifacts,
        run_id: str,
        *,
        observe: Callable[[RunEvent], None],
    ) -> RunResult:
        """Run in this process what earlier attempts of the run left undone, and publish all of it.

        Raises WorkError when the run was published, ConflictError when another run of the product is
        going or moved a table meanwhile.
        """

    @abstractmethod
    def check_port(self, state_dir: Path, port: int) -> None:
        """Raise WorkError when ``serve`` could not listen there; fine where it is being served already."""

    @abstractmethod
    def serve(self, locations: Sequence[Location], *, port: int, keep: bool) -> Served:
        """Start the UI and the daemon in the background, or find them running; returns when they answer.

        With ``keep`` they are to outlive this process. Without, it is to end them; if it dies before it
        did, the next that serves takes its place.
        """

    @abstractmethod
    def serving(self, state_dir: Path) -> Served | None:
        """What ``serve`` left running, if all of it still runs."""

    @abstractmethod
    def stop(self, state_dir: Path) -> bool:
        """End what ``serve`` left running, children included; false if nothing was."""

    @abstractmethod
    def sensor_definition(self, location: Location, artifacts: CompiledArtifacts, job: Any) -> Any:
        """The sensor that starts ``job`` for the first time once the platform is healthy.

        Job and sensor are the orchestrator's own objects; a sensor without a job cannot be made.
        """
