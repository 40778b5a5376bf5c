"""What an artifact was compiled from, so that nothing is compiled twice and nothing stale is run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from floe_core.compilation.dbt_project import read_dbt_project
from floe_core.compilation.digest import project_digest, value_digest
from floe_core.compilation.neighbours import exposure_digest, new_neighbour, stored_artifacts
from floe_core.compilation.source_files import source_digest
from floe_core.errors import Position, Problem, SpecError
from floe_core.location import Location
from floe_core.plugins.dbt import DbtLocation
from floe_core.policy.files import policies_digest
from floe_core.whole_file import write_if_changed

_FORMAT = 4
_ARTIFACT = "compiled_artifacts.json"
_GENERATED = (_ARTIFACT, "definitions.py", "profiles.yml")


class StoredWarning(BaseModel):
    """A warning to be told again; ``file`` is relative to the product's folder."""

    code: str
    message: str
    hint: str | None
    file: str | None
    line: int = 1
    column: int = 1


class Fingerprint(BaseModel):
    """The facts of one compile. Of environment variables it holds one digest over all values.

    ``of_nobody`` are the schemas of sources that no product of the platform had then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    spec: str
    manifest: str | None
    manifest_path: str | None
    dbt_project: str
    project: str
    packages: dict[str, str]
    env_names: list[str]
    env: str
    source_files: dict[str, str | None]
    neighbours: dict[str, str]
    of_nobody: list[str]
    policies: str | None
    generated: dict[str, str]
    warnings: list[StoredWarning]

    @property
    def artifact_digest(self) -> str:
        """The artifact's file is its canonical form, so that this is its identity."""
        return self.generated[_ARTIFACT]


def store_fingerprint(
    location: Location,
    *,
    spec: str,
    manifest: str | None,
    dbt_project: str,
    project: str,
    distributions: Iterable[str],
    env_names: Iterable[str],
    source_files: Mapping[str, str | None],
    neighbours: Mapping[str, str],
    of_nobody: Sequence[str],
    policies: str | None,
    warnings: Sequence[Problem],
) -> None:
    """Write down what the generated files, which are there already, were made from.

    ``spec``, ``manifest`` and ``project`` are the digests of what the compiler has read.
    """
    fingerprint = Fingerprint(
        format=_FORMAT,
        spec=spec,
        manifest=manifest,
        manifest_path=_manifest_path(location),
        dbt_project=dbt_project,
        project=project,
        packages=installed_packages(distributions),
        env_names=sorted(env_names),
        env=_env_digest(env_names),
        source_files=dict(source_files),
        neighbours=dict(neighbours),
        of_nobody=list(of_nobody),
        policies=policies,
        generated={name: _sha256(location.generated_dir / name) or "" for name in _GENERATED},
        warnings=[_stored(problem, location.product_dir) for problem in warnings],
    )
    text = json.dumps(fingerprint.model_dump(), indent=2, sort_keys=True) + "\n"
    write_if_changed(_path(location), text.encode())


def read_fingerprint(location: Location) -> Fingerprint | None:
    """The fingerprint of the last compile, None when there is none to be understood."""
    try:
        return Fingerprint.model_validate_json(_path(location).read_bytes())
    except (OSError, ValidationError):
        return None


def difference(location: Location, fingerprint: Fingerprint) -> str | None:
    """What is not any more as it was when the artifact was compiled; None when all is."""
    if fingerprint.format != _FORMAT or _installed(fingerprint.packages) != fingerprint.packages:
        return "floe or one of its plugins is another version"
    if _sha256(location.spec_path) != fingerprint.spec:
        return f"{location.spec_path.name} changed"
    manifest = _sha256(location.manifest_path) if location.manifest_path else None
    if manifest != fingerprint.manifest or _manifest_path(location) != fingerprint.manifest_path:
        return "the platform's manifest changed"
    if policies_digest(location) != fingerprint.policies:
        return "the platform's policies changed"
    if _env_digest(fingerprint.env_names) != fingerprint.env:
        return "an environment variable the dbt project reads changed"
    for name, digest in fingerprint.generated.items():
        if _sha256(location.generated_dir / name) != digest:
            return f"{name} is not as it was generated"
    if _project_digest(location, fingerprint) != fingerprint.project:
        return "the dbt project changed"
    folder = DbtLocation.of(location, fingerprint.dbt_project).project_dir
    for name, seen in fingerprint.source_files.items():
        if source_digest(name, folder) != seen:
            return f"the source file '{name}' is gone or has another header or schema"
    for artifact, seen in fingerprint.neighbours.items():
        if exposure_digest(stored_artifacts(location.product_dir / artifact)) != seen:
            return f"'{artifact}' lets others read something else"
    if product := new_neighbour(location, fingerprint.of_nobody):
        return f"the product '{product}' is new here, and it is read"
    return None


def stored_warnings(location: Location, fingerprint: Fingerprint) -> tuple[Problem, ...]:
    """The warnings of the last compile."""
    return tuple(_problem(warning, location.product_dir) for warning in fingerprint.warnings)


def _path(location: Location) -> Path:
    return location.generated_dir / "fingerprint.json"


def _sha256(path: Path) -> str | None:
    try:
        if not path.is_file():  # reading a pipe waits for ever
            return None
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _manifest_path(location: Location) -> str | None:
    return os.path.relpath(location.manifest_path, location.product_dir) if location.manifest_path else None


def _project_digest(location: Location, fingerprint: Fingerprint) -> str | None:
    folder = DbtLocation.of(location, fingerprint.dbt_project).project_dir
    try:
        return project_digest(folder, read_dbt_project(folder, Position.of(location.spec_path)))
    except SpecError:
        return None


def _env_digest(names: Iterable[str]) -> str:
    return value_digest({name: os.environ.get(name) for name in names})


def installed_packages(distributions: Iterable[str]) -> dict[str, str]:
    """The installed versions of the distributions and of what they are built on directly."""
    names = {"floe-core", *distributions}
    for name in tuple(names):
        for requirement in requires(name) or ():
            if "extra ==" not in requirement and (found := re.match(r"[\w.-]+", requirement)):
                names.add(found[0])
    return _installed(names)


def _installed(names: Iterable[str]) -> dict[str, str]:
    found, folders = {}, _folders()
    for name in names:
        try:
            found[name] = _version(name, folders)
        except PackageNotFoundError:
            continue  # a requirement for other machines
    return found


def _folders() -> tuple[tuple[str, int], ...]:
    """Where packages are looked for, and when something was last put there or taken away."""
    return tuple((folder, Path(folder).stat().st_mtime_ns) for folder in sys.path if Path(folder).is_dir())


@lru_cache(maxsize=256)
def _version(name: str, _: tuple[tuple[str, int], ...]) -> str:
    """As ``importlib.metadata`` says it, which takes ten times as long: it reads the whole file as a mail."""
    said = distribution(name).read_text("METADATA") or ""
    found = re.search(r"^Version: *(\S+)", said, re.MULTILINE)
    return found[1] if found else version(name)


def _stored(problem: Problem, folder: Path) -> StoredWarning:
    values: dict[str, Any] = {"code": problem.code, "message": problem.message, "hint": problem.hint}
    if problem.at is None:
        return StoredWarning(**values, file=None)
    file = os.path.relpath(problem.at.file, folder)
    return StoredWarning(**values, file=file, line=problem.at.line, column=problem.at.column)


def _problem(warning: StoredWarning, folder: Path) -> Problem:
    at = Position.of(folder / warning.file, warning.line, warning.column) if warning.file else None
    return Problem(warning.code, warning.message, at, warning.hint, severity="warning")
