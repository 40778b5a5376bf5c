"""VALIDATE: what was typed becomes a spec and a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from floe_core.compilation.load import Loaded
from floe_core.errors import Problem, SpecError, in_order
from floe_core.location import Location
from floe_core.schemas.manifest import EMBEDDED, Manifest
from floe_core.schemas.problems import keys_of, problems_of
from floe_core.schemas.secret import AS_WRITTEN
from floe_core.schemas.spec import FloeSpec
from floe_core.yaml_file import YamlFile

M = TypeVar("M", bound=BaseModel)

_ELSEWHERE: Mapping[type[BaseModel], Mapping[str, str]] = {
    FloeSpec: dict.fromkeys(keys_of(Manifest), "the platform's manifest.yaml"),
    Manifest: dict.fromkeys(keys_of(FloeSpec), "a product's floe.yaml"),
}
"""The keys of the other file."""


@dataclass(frozen=True)
class Validated:
    """The two files, understood; ``manifest_file`` is None on the built-in platform."""

    location: Location
    spec: FloeSpec
    spec_file: YamlFile
    manifest: Manifest
    manifest_file: YamlFile | None


def validate(loaded: Loaded) -> Validated:
    """Raises one SpecError for both files, from the first file's ValidationError if there is one."""
    problems, errors = list(loaded.problems), list[ValidationError]()
    spec = _model(FloeSpec, loaded.spec_file, problems, errors)
    manifest = _model(Manifest, loaded.manifest_file, problems, errors)
    if loaded.location.manifest_path is None:
        manifest = EMBEDDED
    if problems:
        raise SpecError(in_order(problems)) from (errors[0] if errors else None)
    assert spec
    assert loaded.spec_file
    assert manifest
    return Validated(loaded.location, spec, loaded.spec_file, manifest, loaded.manifest_file)


def _model(
    model: type[M], file: YamlFile | None, problems: list[Problem], errors: list[ValidationError]
) -> M | None:
    if file is None:
        return None
    try:
        return model.model_validate(file.tree, context=AS_WRITTEN)
    except ValidationError as error:
        found = _foreign(file) or problems_of(error, model, file, elsewhere=_ELSEWHERE[model])
        # what is missing may stand below the second of two equal keys
        problems += [problem for problem in found if file.whole or problem.code != "FLOE-E202"]
        errors.append(error)
        return None


def _foreign(file: YamlFile) -> list[Problem]:
    """One problem instead of many for a file that was never meant for floe."""
    said = file.tree.get("apiVersion")
    if not isinstance(said, str) or said.startswith("floe"):
        return []
    message = f"not a file of floe's: apiVersion is '{said}'"
    hint = "name the platform's manifest: 'platform: PATH' in floe.yaml, or --manifest PATH"
    return [Problem("FLOE-E205", message, file.at(("apiVersion",)), hint)]
