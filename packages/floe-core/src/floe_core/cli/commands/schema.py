"""``floe schema``: JSON Schemas for editors."""

from __future__ import annotations

from pathlib import Path

import click

from floe_core.cli.output import Output, output_option
from floe_core.cli.schema_files import schema_content
from floe_core.errors import shown
from floe_core.schemas.export import SCHEMA_FILES


@click.group()
def command() -> None:
    """JSON Schemas of floe.yaml, manifest.yaml and the compiled artifacts."""


@command.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@output_option
def export(directory: Path, output: Output) -> None:
    """Write the JSON Schemas into DIRECTORY; again after an upgrade or a new plugin.

    An editor with a YAML language server checks floe.yaml when its first line is
    '# yaml-language-server: $schema=floe.schema.json'; floe init writes it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / file for file in SCHEMA_FILES.values()]
    for path, name in zip(paths, SCHEMA_FILES, strict=True):
        path.write_bytes(schema_content(name))
    output.document({"files": [shown(path) for path in paths]})
    for path in paths:
        output.line(f"wrote {shown(path)}")
