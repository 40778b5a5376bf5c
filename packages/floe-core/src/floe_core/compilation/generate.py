"""GENERATE: the artifact, and the files that are made from it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from importlib.metadata import version
from typing import Any

from floe_core.compilation.artifact_tables import ArtifactTables
from floe_core.compilation.compile import Proven
from floe_core.compilation.fingerprint import store_fingerprint
from floe_core.compilation.names import job_name, sql_name
from floe_core.compilation.neighbours import schemas_of_nobody, seen_neighbours
from floe_core.compilation.plan import ChosenPlugin, Plan
from floe_core.compilation.public_config import public_config
from floe_core.compilation.resolve import profiles_text
from floe_core.inlined_views import write_views
from floe_core.location import Location
from floe_core.plugins.compute import Proof
from floe_core.policy.files import policies_digest
from floe_core.schemas.artifacts import (
    ArtifactDeprecation,
    ArtifactMetadata,
    CompiledArtifacts,
    DagsterConfig,
    EnforcementResultSummary,
    PluginChoice,
    PluginChoices,
)
from floe_core.schemas.section import Section
from floe_core.schemas.spec import Deprecation
from floe_core.whole_file import write_if_changed


def generate(proven: Proven) -> CompiledArtifacts:
    """The artifact of what was proven; writes nothing."""
    enforced = proven.enforced
    return build_artifacts(enforced.plan, proven.proofs, proven.deferred, enforcement_result=enforced.summary)


def build_artifacts(
    plan: Plan,
    proofs: Mapping[str, Proof],
    deferred: Collection[str],
    *,
    enforcement_result: EnforcementResultSummary,
) -> CompiledArtifacts:
    """Everything others may know of the plan, in an order that depends on nothing but names."""
    spec, tables = plan.sources.spec, ArtifactTables(plan, proofs, deferred)
    own = {node.unique_id for node in (*plan.models(), *plan.seeds())}
    return CompiledArtifacts(
        metadata=_metadata(plan),
        plugins=PluginChoices(**{kind.value: _choice(it) for kind, it in plan.plugins.by_type.items()}),
        transforms=tables.transforms(),
        seeds=tables.seeds(),
        sources=tables.sources(),
        deprecations=tuple(_deprecation(each) for each in spec.deprecations),
        dbt_profiles=dict(plan.dbt_profiles),
        dagster=DagsterConfig(
            location_name=plan.product,
            job_name=job_name(plan.product),
            schedule=_said(plan.schedule),
            tests=tuple(test for node, of in sorted(tables.tests.items()) if node not in own for test in of),
        ),
        retention=_said(plan.retention),
        environments=dict(plan.environments),
        enforcement_result=enforcement_result,
        project_digest=plan.project_digest,
        shared_digest=plan.shared_digest,
    )


def write_generated(proven: Proven, artifacts: CompiledArtifacts) -> str:
    """Write what orchestrator and dbt read, then the artifact, then what it was all made from.

    Returns the artifact's digest, which takes as long to find out as to write it.
    """
    plan = proven.enforced.plan
    sources, location = plan.sources, plan.sources.location
    folder = location.generated_dir
    definitions = plan.plugins.orchestrator.definitions_source(relative_manifest(location))
    write_if_changed(folder / "profiles.yml", profiles_text(artifacts.dbt_profiles))
    write_if_changed(folder / "definitions.py", definitions.encode())
    write_views(folder, proven.views)
    content = artifacts.to_bytes()
    write_if_changed(location.artifacts_path, content)
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
        of_nobody=schemas_of_nobody(location, plan.sources_read(), plan.neighbours),
        policies=policies_digest(location),
        warnings=proven.warnings,
    )
    return hashlib.sha256(content).hexdigest()


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


def _deprecation(said: Deprecation) -> ArtifactDeprecation:
    table, _, column = (said.column or said.table or "").partition(".")
    return ArtifactDeprecation(table=table, column=column or None, since=said.since, instead=said.instead)


def _choice(chosen: ChosenPlugin) -> PluginChoice:
    return PluginChoice(
        type=chosen.name, version=chosen.plugin.metadata.version, config=public_config(chosen.plugin)
    )


def _said(section: Section | None) -> dict[str, Any] | None:
    if section is None:
        return None
    said: dict[str, Any] = section.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said
