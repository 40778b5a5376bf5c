"""LOAD: the two files, as they were typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from floe_core.errors import Problem, SpecError
from floe_core.location import Location, read_here
from floe_core.yaml_file import RepeatedKeys, YamlFile


@dataclass(frozen=True)
class Loaded:
    """What could be read, and what is wrong with the rest."""

    location: Location
    spec_file: YamlFile | None
    manifest_file: YamlFile | None
    problems: tuple[Problem, ...]


def load(location: Location) -> Loaded:
    """Read floe.yaml and, unless the platform is the built-in one, manifest.yaml."""
    problems: list[Problem] = []
    spec_file = _read(location.spec_path, problems)
    manifest_file = _read(location.manifest_path, problems) if location.manifest_path else None
    return Loaded(location, spec_file, manifest_file, tuple(problems))


def _read(path: Path, problems: list[Problem]) -> YamlFile | None:
    try:
        return read_here(path)
    except RepeatedKeys as error:  # what else is wrong is told at once
        problems.extend(error.problems)
        return error.rest
    except SpecError as error:
        problems.extend(error.problems)
        return None
