"""The compiler's front door: compile and write, or find that nothing changed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from floe_core.compilation.fingerprint import difference, read_fingerprint, stored_warnings
from floe_core.compilation.release import read_artifacts, refuse_breaking
from floe_core.errors import Position, Problem, SpecError
from floe_core.location import Location, locate
from floe_core.schemas.artifacts import CompiledArtifacts


@dataclass(frozen=True)
class Compilation:
    """What compiling gave; ``unchanged`` when the stored artifact still stands for its files.

    ``digest`` is that of the artifact, which takes a while to find out where it is large.
    """

    artifacts: CompiledArtifacts
    digest: str
    location: Location
    unchanged: bool
    warnings: tuple[Problem, ...]


def compile_floe_spec(
    spec_path: Path | str | None = None, manifest_path: Path | str | None = None
) -> Compilation:
    """Compile the product and write what others read into its ``target/floe``.

    ``spec_path`` is a floe.yaml, its folder or a product's name; without one it is the product here.
    Raises SpecError, PluginError or PolicyError with every problem found.
    """
    return compile_product(
        locate(
            None if spec_path is None else Path(spec_path),
            manifest=None if manifest_path is None else Path(manifest_path),
        )
    )


def compile_product(location: Location, *, against: Path | None = None) -> Compilation:
    """The same for a product that was located already.

    ``against`` is the artifact of its last release: raises IncompatibleChange when that one's readers
    would break.
    """
    released = None if against is None else read_artifacts(against)
    fingerprint = read_fingerprint(location)
    if fingerprint and difference(location, fingerprint) is None and (artifacts := _stored(location)):
        if released is not None:
            refuse_breaking(location, artifacts, released)
        warnings = stored_warnings(location, fingerprint)
        return Compilation(artifacts, fingerprint.artifact_digest, location, True, warnings)
    return _compile(location, released)


def load_artifacts(location: Location) -> CompiledArtifacts:
    """The stored artifact; raises SpecError when it does not match the files it was made from."""
    fingerprint = read_fingerprint(location)
    if fingerprint is None:
        raise _refusal(location, "the product is not compiled")
    if changed := difference(location, fingerprint):
        raise _refusal(location, f"the compiled artifact does not match its files: {changed}")
    artifacts = _stored(location)
    if artifacts is None:
        raise _refusal(location, "the compiled artifact is another version's")
    return artifacts


def _compile(location: Location, released: CompiledArtifacts | None) -> Compilation:
    # Here, because this door is also passed when nothing changed, and then nothing of it is needed.
    from floe_core.compilation.stages import compile_and_write
    from floe_core.compile_telemetry import told

    with told(location, lambda: _stored(location)) as telling:
        with seldom_collecting():
            artifacts, digest, warnings = compile_and_write(location, released, telling.stage)
        telling.done(artifacts, digest)
    return Compilation(artifacts, digest, location, False, warnings)


@contextmanager
def seldom_collecting(young: int = 200_000, middle: int = 50, old: int = 1000) -> Iterator[None]:
    """Look for garbage less often: among dbt's hundred thousands of objects that takes half of the time.

    What was made meanwhile counts as old afterwards, or it would all be looked at once more right away.
    """
    before = gc.get_threshold()
    gc.set_threshold(young, middle, old)
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        gc.set_threshold(*before)


def _stored(location: Location) -> CompiledArtifacts | None:
    try:
        return CompiledArtifacts.model_validate_json(location.artifacts_path.read_bytes())
    except (OSError, ValidationError):
        return None


def _refusal(location: Location, message: str) -> SpecError:
    return SpecError(Problem("FLOE-E214", message, Position.of(location.spec_path), hint="floe compile"))
