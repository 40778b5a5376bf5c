"""Parsing: dbt's manifest, told as ``ParsedProject``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from dbt.adapters.factory import FACTORY
from dbt.config.runtime import RuntimeConfig
from dbt.constants import DEFAULT_ENV_PLACEHOLDER
from dbt.contracts.graph.manifest import Manifest
from dbt.flags import get_flags

from floe_core.errors import Position, Problem, SpecError
from floe_core.plugins.dbt import DbtLocation, ParsedNode, ParsedProject, ResourceType
from floe_dbt.invocation import exclusive, invoke
from floe_dbt.left_out import left_out
from floe_dbt.messages import spec_error
from floe_dbt.narrator import TESTS, subject
from floe_dbt.order import Cycle, dependency_order
from floe_dbt.own_sources import own_sources
from floe_dbt.repetition import without_repetition
from floe_dbt.replaced_tests import PLAIN_TESTS, replaces_tests

RESOURCE_TYPES = ("model", "seed", "test", "unit_test", "source", "snapshot")


@dataclass(frozen=True)
class Parsed:
    """What a parse leaves for a compile in the same process."""

    manifest: Manifest
    config: RuntimeConfig
    flags: Any

    def forget(self) -> None:
        """Let go of every node: dbt's own contexts hold the manifest in rings, and it is large."""
        for part in vars(self.manifest).values():
            if isinstance(part, dict):
                part.clear()


class ParsedOnce:
    """A parse for the first who takes it: rendering leaves its marks in a manifest, and forgets it then."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed: Parsed | None = parsed

    def take(self) -> Parsed | None:
        parsed, self._parsed = self._parsed, None
        return parsed


def parse(location: DbtLocation) -> ParsedProject:
    """Parse, reading again only the files whose content changed."""
    parsed = _parse_here(location)
    found = {node.unique_id: node for node in _nodes(parsed.manifest)}
    makers = own_sources(found.values())
    nodes = {id_: node for id_, node in found.items() if id_ not in makers}
    depends_on = {id_: _depends_on(node, makers) for id_, node in nodes.items()}
    try:
        order = dependency_order(depends_on)
    except Cycle as cycle:
        first = nodes[cycle.members[0]]
        at = Position.of(location.project_dir / first.original_file_path)
        names = " → ".join(nodes[member].name for member in cycle.members)
        raise SpecError(
            Problem("FLOE-E405", f"models depend on each other in a ring: {names}", at)
        ) from cycle
    folders, replaced = _Folders(parsed, location.project_dir), replaces_tests(parsed.manifest)
    return ParsedProject(
        name=parsed.config.project_name,
        profile=parsed.config.profile_name,
        nodes=tuple(_parsed_node(nodes[id_], depends_on[id_], folders, replaced=replaced) for id_ in order),
        env_vars=_env_vars(parsed.manifest),
        left_out=tuple(left_out(parsed.manifest)),
        handle=ParsedOnce(parsed),
    )


def parse_manifest(location: DbtLocation) -> Manifest:
    """dbt's own manifest, for a command that runs it: such a command leaves its marks in it."""
    return _parse_here(location).manifest


def _parse_here(location: DbtLocation) -> Parsed:
    parsed = _parse(location, "--partial-parse")
    if _elsewhere(parsed.manifest, location.project_dir):
        parsed = _parse(location, "--no-partial-parse")
    return parsed


def _parse(location: DbtLocation, partial: str) -> Parsed:
    # an invocation registers its own adapter and no other
    with exclusive(location.project_dir), without_repetition():
        result = invoke("parse", location, partial)
        adapters = list(cast(dict[str, Any], FACTORY.adapters).values())
        flags = get_flags()
    if isinstance(result.exception, OSError):
        raise result.exception  # the machine's refusal, such as a full disk: nothing about the project
    if result.exception is not None:  # places are named as seen from the caller's folder
        raise spec_error(result.exception, location) from result.exception
    return Parsed(cast(Manifest, result.result), adapters[0].config, flags)


def _elsewhere(manifest: Manifest, project_dir: Path) -> bool:
    """Whether the saved parse is of a folder that was moved or copied: seeds keep an absolute path."""
    nodes: Iterable[Any] = manifest.nodes.values()
    roots = {Path(node.root_path) for node in nodes if getattr(node, "root_path", None)}
    return not all(root.is_relative_to(project_dir) for root in roots)


def _nodes(manifest: Manifest) -> Iterator[Any]:
    for group in (manifest.nodes, manifest.sources, manifest.unit_tests):
        for node in group.values():
            if str(node.resource_type) in RESOURCE_TYPES and getattr(node.config, "enabled", True):
                yield node


def _depends_on(node: Any, makers: Mapping[str, str]) -> tuple[str, ...]:
    depends_on = getattr(node, "depends_on", None)
    reads = {makers.get(each, each) for each in getattr(depends_on, "nodes", ())}
    return tuple(sorted(reads - {node.unique_id}))


def _parsed_node(node: Any, depends_on: tuple[str, ...], folders: _Folders, *, replaced: bool) -> ParsedNode:
    config = node.config.to_dict()
    path = folders.path(node)
    return ParsedNode(
        unique_id=node.unique_id,
        resource_type=cast(ResourceType, str(node.resource_type)),
        name=node.name,
        alias=getattr(node, "alias", None) or getattr(node, "identifier", node.name),
        database=getattr(node, "database", None) or "",
        schema=getattr(node, "schema", None) or "",
        path=path,
        package=node.package_name,
        language=str(getattr(node, "language", "sql")),
        materialized=config.get("materialized"),
        depends_on=depends_on,
        tags=tuple(sorted(set(node.tags))) if hasattr(node, "tags") else (),
        description=getattr(node, "description", "") or "",
        columns=_columns(node),
        column_descriptions=_column_descriptions(node),
        column_meta={column.name: dict(column.meta) for column in _described(node) if column.meta},
        column_tags={column.name: tuple(sorted(column.tags)) for column in _described(node) if column.tags},
        meta={**(config.get("meta") or {}), **(getattr(node, "meta", None) or {})},
        config=config,
        raw_sha256=folders.sha256(path),
        attached=subject(node) if str(node.resource_type) in TESTS else None,
        severity=str(config["severity"]).lower() if config.get("severity") else None,
        described_in=folders.described_in(node),
        generic_test=_generic_test(node, replaced),
        tested_column=getattr(node, "column_name", None),
    )


def _generic_test(node: Any, replaced: bool) -> str | None:
    metadata = getattr(node, "test_metadata", None)
    if replaced and metadata and metadata.name in PLAIN_TESTS:
        return None
    return metadata and ".".join(part for part in (metadata.namespace, metadata.name) if part)


def _described(node: Any) -> tuple[Any, ...]:
    columns: Mapping[str, Any] = getattr(node, "columns", None) or {}
    return tuple(columns.values())


def _columns(node: Any) -> tuple[tuple[str, str | None], ...]:
    return tuple((column.name, column.data_type) for column in _described(node))


def _column_descriptions(node: Any) -> dict[str, str]:
    return {column.name: column.description for column in _described(node) if column.description}


def _env_vars(manifest: Manifest) -> dict[str, str | None]:
    return {
        name: None if value == DEFAULT_ENV_PLACEHOLDER else value
        for name, value in sorted(manifest.env_vars.items())
    }


class _Folders:
    """Where each package's files lie, relative to the project, and what they hold; many nodes share one."""

    def __init__(self, parsed: Parsed, project_dir: Path) -> None:
        self.project_dir = project_dir
        self._roots = {
            name: Path(project.project_root) for name, project in parsed.config.load_dependencies().items()
        }
        self._path = cache(self._path_of)
        self.sha256 = cache(self._sha256_of)

    def path(self, node: Any) -> str:
        return self._path(node.package_name, node.original_file_path)

    def described_in(self, node: Any) -> str | None:
        """The property file that names the node: dbt writes it as ``package://path``."""
        package, found, path = (getattr(node, "patch_path", None) or "").partition("://")
        return self._path(package, path) if found else None

    def _path_of(self, package: str, file: str) -> str:
        path = self._roots.get(package, self.project_dir) / file
        return (
            path.relative_to(self.project_dir).as_posix() if path.is_relative_to(self.project_dir) else file
        )

    def _sha256_of(self, path: str) -> str:
        file = self.project_dir / path
        return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
