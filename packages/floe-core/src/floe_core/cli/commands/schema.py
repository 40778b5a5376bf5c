"""``floe schema``: JSON Schemas for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click
from pydantic import BaseModel

from floe_core.cli.output import Output, output_option
from floe_core.errors import shown
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.schemas.manifest import Manifest
from floe_core.schemas.spec import FloeSpec

_MODELS: dict[str, type[BaseModel]] = {
    "floe.schema.json": FloeSpec,
    "manifest.schema.json": Manifest,
    "compiled_artifacts.schema.json": CompiledArtifacts,
}


@click.group()
def command() -> None:
    """JSON Schemas of floe.yaml, manifest.yaml and the compiled artifacts."""


@command.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@output_option
def export(directory: Path, output: Output) -> None:
    """Write the JSON Schemas into DIRECTORY.

    An editor with a YAML language server checks floe.yaml when its first line is
    '# yaml-language-server: $schema=floe.schema.json'.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / name for name in _MODELS]
    for path, model in zip(paths, _MODELS.values(), strict=True):
        schema = model.model_json_schema(by_alias=True)
        path.write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    output.document({"files": [shown(path) for path in paths]})
    for path in paths:
        output.line(f"wrote {shown(path)}")
