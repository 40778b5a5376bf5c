"""GENERATE: the artifact, and the files that are made from it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

from floe_core.compilation.compile import Proven
from floe_core.compilation.digest import value_digest
from floe_core.compilation.fingerprint import store_fingerprint
from floe_core.compilation.generated_file import write_if_changed
from floe_core.compilation.layer import layer_of
from floe_core.compilation.names import namespace, sql_name
from floe_core.compilation.neighbours import seen_neighbours
from floe_core.compilation.plan import ChosenPlugin, Plan
from floe_core.compilation.resolve import profiles_text
from floe_core.location import Location
from floe_core.plugins.base import Plugin
from floe_core.plugins.compute import Column
from floe_core.plugins.dbt import ParsedNode
from floe_core.policy.files import policies_digest
from floe_core.schemas.artifacts import (
    ArtifactColumn,
    ArtifactMetadata,
    CompiledArtifacts,
    DagsterConfig,
    EnforcementResultSummary,
    Microbatch,
    PluginChoice,
    PluginChoices,
    Seed,
    SourceTable,
    TestRef,
    Transform,
)
from floe_core.schemas.section import Section

Columns = Mapping[str, tuple[Column, ...] | None]


def generate(proven: Proven) -> CompiledArtifacts:
    """The artifact of what was proven; writes nothing."""
    enforced = proven.enforced
    return build_artifacts(enforced.plan, proven.columns, enforcement_result=enforced.summary)


def build_artifacts(
    plan: Plan, columns: Columns, *, enforcement_result: EnforcementResultSummary
) -> CompiledArtifacts:
    """Everything others may know of the plan, in an order that depends on nothing but names."""
    spec, tests = plan.sources.spec, _tests_by_node(plan)
    tables = {node.unique_id for node in (*plan.models(), *plan.seeds())}
    return CompiledArtifacts(
        metadata=_metadata(plan),
        plugins=PluginChoices(**{kind.value: _choice(it) for kind, it in plan.plugins.by_type.items()}),
        transforms=tuple(
            _transform(plan, node, columns.get(node.unique_id), tests.get(node.unique_id, ()))
            for node in sorted(plan.models(), key=_by_id)
        ),
        seeds=tuple(
            _seed(plan, node, columns.get(node.unique_id), tests.get(node.unique_id, ()))
            for node in sorted(plan.seeds(), key=_by_id)
        ),
        sources=tuple(_source(node) for node in sorted(plan.sources_read(), key=_by_id)),
        dbt_profiles=dict(plan.dbt_profiles),
        dagster=DagsterConfig(
            location_name=plan.product,
            job_name=sql_name(plan.product),
            schedule=_said(spec.schedule),
            tests=tuple(test for node, of in sorted(tests.items()) if node not in tables for test in of),
        ),
        retention=_said(spec.retention),
        environments=dict(plan.environments),
        enforcement_result=enforcement_result,
        project_digest=plan.project_digest,
        shared_digest=plan.shared_digest,
    )


def write_generated(proven: Proven, artifacts: CompiledArtifacts) -> None:
    """Write what orchestrator and dbt read, then the artifact, then what it was all made from."""
    plan = proven.enforced.plan
    sources, location = plan.sources, plan.sources.location
    folder = location.generated_dir
    definitions = plan.plugins.orchestrator.definitions_source(relative_manifest(location))
    write_if_changed(folder / "profiles.yml", profiles_text(artifacts.dbt_profiles))
    write_if_changed(folder / "definitions.py", definitions.encode())
    write_if_changed(location.artifacts_path, artifacts.to_bytes())
    store_fingerprint(
        location,
        spec=sources.spec_file.sha256,
        manifest=sources.manifest_file.sha256 if sources.manifest_file else None,
        dbt_project=artifacts.metadata.dbt_project,
        project=plan.project_digest,
        distributions=[chosen.distribution for chosen in plan.plugins.by_type.values()],
        env_names=plan.project.env_vars,
        source_files=proven.source_files,
        neighbours=seen_neighbours(location, plan.neighbours.values()),
        policies=policies_digest(location),
        warnings=proven.enforced.warnings,
    )


def relative_manifest(location: Location) -> str | None:
    """The manifest's path as seen from the generated files; None on the built-in platform."""
    if location.manifest_path is None:
        return None
    return os.path.relpath(location.manifest_path, location.generated_dir).replace(os.sep, "/")


def _metadata(plan: Plan) -> ArtifactMetadata:
    metadata = plan.sources.spec.metadata
    return ArtifactMetadata(
        product_name=metadata.name,
        product_version=metadata.version,
        sql_name=sql_name(metadata.name),
        owner=metadata.owner,
        exposes=plan.sources.spec.exposes,
        description=metadata.description,
        platform=plan.sources.manifest.metadata.name,
        floe_version=version("floe-core"),
        dbt_project=os.path.normpath(plan.sources.spec.dbt.project).replace(os.sep, "/"),
    )


def _choice(chosen: ChosenPlugin) -> PluginChoice:
    return PluginChoice(
        type=chosen.name, version=chosen.plugin.metadata.version, config=_public_config(chosen.plugin)
    )


def _public_config(plugin: Plugin) -> dict[str, Any]:
    config: dict[str, Any] = to_jsonable_python(_without_secrets(plugin.model_dump(by_alias=True)))
    return config


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_secrets(part)
            for key, part in value.items()
            if not isinstance(part, SecretStr | SecretBytes)
        }
    if isinstance(value, list | tuple):
        return [_without_secrets(part) for part in value if not isinstance(part, SecretStr | SecretBytes)]
    return value


def _said(section: Section | None) -> dict[str, Any] | None:
    if section is None:
        return None
    said: dict[str, Any] = section.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def _transform(
    plan: Plan, node: ParsedNode, columns: tuple[Column, ...] | None, tests: Iterable[TestRef]
) -> Transform:
    return Transform(
        name=node.name,
        unique_id=node.unique_id,
        namespace=namespace(plan.product, node.schema),
        table=node.alias,
        layer=layer_of(node, plan.sources.manifest.layers),
        access=node.config.get("access") or "protected",
        materialized=node.materialized or "view",
        microbatch=_microbatch(node),
        language=node.language,
        depends_on=tuple(sorted(node.depends_on)),
        columns=_columns(node, columns),
        proof="deferred" if columns is None else "bound",
        tags=tuple(sorted(node.tags)),
        description=node.description or None,
        path=node.path,
        config_digest=value_digest(node.config),
        source_sha256=node.raw_sha256,
        tests=tuple(tests),
    )


def _microbatch(node: ParsedNode) -> Microbatch | None:
    config = node.config
    if node.materialized != "incremental" or config.get("incremental_strategy") != "microbatch":
        return None
    return Microbatch(
        event_time=config["event_time"], batch_size=str(config["batch_size"]), begin=str(config["begin"])
    )


def _seed(plan: Plan, node: ParsedNode, columns: tuple[Column, ...] | None, tests: Iterable[TestRef]) -> Seed:
    return Seed(
        name=node.name,
        unique_id=node.unique_id,
        namespace=namespace(plan.product, node.schema),
        table=node.alias,
        columns=_columns(node, columns),
        tags=tuple(sorted(node.tags)),
        description=node.description or None,
        path=node.path,
        config_digest=value_digest(node.config),
        source_sha256=node.raw_sha256,
        tests=tuple(tests),
    )


def _source(node: ParsedNode) -> SourceTable:
    return SourceTable(
        name=node.name,
        unique_id=node.unique_id,
        source_name=node.unique_id.split(".")[2],
        sql_schema=node.schema,
        table=node.alias,
        description=node.description or None,
    )


def _columns(node: ParsedNode, columns: tuple[Column, ...] | None) -> tuple[ArtifactColumn, ...]:
    """The proven columns, else the described ones that have a type."""
    if columns is None:
        columns = tuple(Column(name, kind) for name, kind in node.columns if kind)
    descriptions = {name.casefold(): text for name, text in node.column_descriptions.items()}
    return tuple(
        ArtifactColumn(
            name=column.name, type=column.type, description=descriptions.get(column.name.casefold()) or None
        )
        for column in columns
    )


def _tests_by_node(plan: Plan) -> dict[str, tuple[TestRef, ...]]:
    """The tests of each node, and those of none under the empty name."""
    tests: dict[str, tuple[TestRef, ...]] = {}
    for node in sorted(plan.tests(), key=_by_id):
        blocking = (node.severity or "error").lower() != "warn"
        test = TestRef(unique_id=node.unique_id, name=node.name, blocking=blocking)
        tests[node.attached or ""] = (*tests.get(node.attached or "", ()), test)
    return tests


def _by_id(node: ParsedNode) -> str:
    return node.unique_id
