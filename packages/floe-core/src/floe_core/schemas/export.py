"""JSON Schemas, for editors and for whoever reads artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.schemas.manifest import Manifest
from floe_core.schemas.spec import FloeSpec

SchemaName = Literal["spec", "manifest", "artifacts"]

SCHEMA_FILES: Mapping[SchemaName, str] = {
    "spec": "floe.schema.json",
    "manifest": "manifest.schema.json",
    "artifacts": "compiled_artifacts.schema.json",
}
"""What each schema's file is called."""

_MODELS: Mapping[SchemaName, type[BaseModel]] = {
    "spec": FloeSpec,
    "manifest": Manifest,
    "artifacts": CompiledArtifacts,
}


def json_schema(name: SchemaName) -> dict[str, Any]:
    """The JSON Schema of floe.yaml, manifest.yaml or the compiled artifact, as they are written."""
    mode: Literal["validation", "serialization"] = "serialization" if name == "artifacts" else "validation"
    schema = _MODELS[name].model_json_schema(by_alias=True, mode=mode)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def modeline(name: SchemaName) -> str:
    """The first line of a YAML file whose schema lies beside it: editors read it."""
    return f"# yaml-language-server: $schema={SCHEMA_FILES[name]}\n"
