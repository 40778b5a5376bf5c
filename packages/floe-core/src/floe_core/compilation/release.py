"""The last released artifact, and whether the one that is to follow it breaks somebody who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from floe_core.compatibility import Difference, compare, problem_of
from floe_core.compilation.neighbours import stored_artifacts
from floe_core.errors import IncompatibleChange, Position, Problem, SpecError, in_order, shown
from floe_core.location import Location, find_products, product_name
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


def compare_here(
    before: CompiledArtifacts, after: CompiledArtifacts, start: Path, manifest: Path | None = None
) -> Difference:
    """The difference, its readers looked for among the products that ``start`` stands among."""
    compiled, uncompiled = platform_artifacts(start, manifest)
    return compare(before, after, compiled, uncompiled)


def platform_artifacts(
    start: Path, manifest: Path | None = None
) -> tuple[list[CompiledArtifacts], list[str]]:
    """What the products that ``start`` stands among compiled to, and the names of those that are not."""
    compiled, uncompiled = [], []
    for location in find_products(start, manifest=manifest):
        if artifacts := stored_artifacts(location.artifacts_path):
            compiled.append(artifacts)
        else:
            uncompiled.append(product_name(location.spec_path) or shown(location.product_dir))
    return compiled, uncompiled


def refuse_breaking(location: Location, artifacts: CompiledArtifacts, released: CompiledArtifacts) -> None:
    """Raise IncompatibleChange with every change that breaks readers of the released version.

    Raises SpecError where something announced is dropped, and who still reads it cannot be known.
    """
    same_product(released, artifacts)
    difference = compare_here(released, artifacts, location.product_dir, location.manifest_path)
    unknown = list(_unknown_readers(difference))
    if problems := list(breaking_problems(location, difference)):
        raise IncompatibleChange(in_order([*problems, *unknown]))
    if unknown:
        raise SpecError(unknown)


def breaking_problems(location: Location, difference: Difference) -> Iterator[Problem]:
    """Each breaking change, at the model it is about."""
    project_dir = DbtLocation.of(location, difference.after.metadata.dbt_project).project_dir
    for change in difference.breaking:
        yield problem_of(change, difference.uncompiled, project_dir, location.spec_path)


def _unknown_readers(difference: Difference) -> Iterator[Problem]:
    """Products of which nobody knows whether they read what goes."""
    if difference.asks_readers and difference.uncompiled:
        names = ", ".join(f"'{name}'" for name in difference.uncompiled)
        message = f"not compiled, so nobody can tell what they read: {names}"
        yield Problem("FLOE-E468", message, hint="floe platform compile")
