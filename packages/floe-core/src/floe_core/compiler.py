"""The compiler's front door: compile and write, or find that nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from floe_core.errors import Problem
from floe_core.location import Location
from floe_core.schemas.artifacts import CompiledArtifacts


@dataclass(frozen=True)
class Compilation:
    """What compiling gave; ``unchanged`` when the stored artifact still stood."""

    artifacts: CompiledArtifacts
    location: Location
    unchanged: bool
    warnings: tuple[Problem, ...]


def compile_floe_spec(spec_path: Path, manifest_path: Path | None = None) -> Compilation:
    """Compile the product and write what others read into ``target/floe``."""
    raise NotImplementedError


def load_artifacts(location: Location) -> CompiledArtifacts:
    """The stored artifact; raises SpecError when it does not match the files it was made from."""
    raise NotImplementedError
