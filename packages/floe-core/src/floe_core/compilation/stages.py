"""The six stages, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from floe_core.compilation.compile import Proven, compile_plan
from floe_core.compilation.enforce import enforce, enforce_columns
from floe_core.compilation.generate import generate, write_generated
from floe_core.compilation.load import load
from floe_core.compilation.release import refuse_breaking
from floe_core.compilation.resolve import resolve
from floe_core.compilation.validate import validate
from floe_core.errors import Problem, SpecError
from floe_core.location import Location, locate
from floe_core.schemas.artifacts import CompiledArtifacts

Step = Callable[[str], AbstractContextManager[None]]


def _untold(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def compile_pipeline(spec_path: Path | str, manifest_path: Path | str | None = None) -> CompiledArtifacts:
    """Compile a product without writing its artifact.

    Raises pydantic's ValidationError for a floe.yaml or manifest.yaml that says the wrong thing, and
    SpecError, PluginError or PolicyError for everything else.
    """
    manifest = None if manifest_path is None else Path(manifest_path)
    try:
        return generate(prove(locate(Path(spec_path), manifest=manifest)))
    except SpecError as error:
        if isinstance(error.__cause__, ValidationError):
            raise error.__cause__ from None
        raise


def prove(location: Location, step: Step = _untold) -> Proven:
    """All stages but the last; ``step`` is entered around each, with its name."""
    with step("load"):
        loaded = load(location)
    with step("validate"):
        validated = validate(loaded)
    with step("resolve"):
        plan = resolve(validated)
    with step("enforce"):
        enforced = enforce(plan)
    with step("compile"):
        proven = compile_plan(enforced)
        return replace(proven, enforced=enforce_columns(proven.enforced, proven.proofs))


def compile_and_write(
    location: Location, against: CompiledArtifacts | None = None, step: Step = _untold
) -> tuple[CompiledArtifacts, str, tuple[Problem, ...]]:
    """All stages, and the files others read; returns the artifact, its digest and the warnings.

    Raises IncompatibleChange, and writes no artifact, when that breaks readers of ``against``.
    """
    proven = prove(location, step)
    with step("generate"):
        artifacts = generate(proven)
        if against is not None:
            refuse_breaking(location, artifacts, against)
        digest = write_generated(proven, artifacts)
    return artifacts, digest, proven.warnings
