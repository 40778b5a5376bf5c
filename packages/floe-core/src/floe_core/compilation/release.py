"""The last released artifact, and whether the one that is to follow it breaks somebody who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from floe_core.compatibility import Difference, compare, problem_of
from floe_core.compilation.neighbours import stored_artifacts
from floe_core.errors import IncompatibleChange, Position, Problem, SpecError, in_order, shown
from floe_core.location import Location, find_products
from floe_core.plugins.dbt import DbtLocation
from floe_core.schemas.artifacts import CompiledArtifacts


def read_artifacts(path: Path) -> CompiledArtifacts:
    """An artifact file, or that of a product's folder; raises SpecError for anything else."""
    file = path / "target" / "floe" / "compiled_artifacts.json" if path.is_dir() else path
    if not file.is_file():
        hint = f"floe compile {shown(path)}" if path.is_dir() else "check the path"
        raise SpecError(Problem("FLOE-E465", f"no compiled artifact at '{shown(file)}'", hint=hint))
    try:
        return CompiledArtifacts.model_validate_json(file.read_bytes())
    except (ValidationError, ValueError) as error:
        message = "not a compiled artifact of this version of floe"
        raise SpecError(Problem("FLOE-E466", message, Position.of(file), hint="compile it anew")) from error


def same_product(before: CompiledArtifacts, after: CompiledArtifacts) -> None:
    """Raise SpecError for artifacts of two products."""
    names = before.metadata.product_name, after.metadata.product_name
    if names[0] != names[1]:
        message = f"these are of two products, '{names[0]}' and '{names[1]}'"
        raise SpecError(Problem("FLOE-E467", message, hint="compare two artifacts of one product"))


def platform_artifacts(start: Path, manifest: Path | None = None) -> Iterator[CompiledArtifacts]:
    """The artifacts of the products that ``start`` stands among, as far as they are compiled."""
    for location in find_products(start, manifest=manifest):
        if artifacts := stored_artifacts(location.artifacts_path):
            yield artifacts


def refuse_breaking(location: Location, artifacts: CompiledArtifacts, released: CompiledArtifacts) -> None:
    """Raise IncompatibleChange with every change that breaks readers of the released version."""
    same_product(released, artifacts)
    platform = platform_artifacts(location.product_dir, location.manifest_path)
    problems = list(breaking_problems(location, compare(released, artifacts, platform)))
    if problems:
        raise IncompatibleChange(in_order(problems))


def breaking_problems(location: Location, difference: Difference) -> Iterator[Problem]:
    """Each breaking change, at the model it is about."""
    project_dir = DbtLocation.of(location, difference.after.metadata.dbt_project).project_dir
    for change in difference.breaking:
        yield problem_of(change, project_dir, location.spec_path)
