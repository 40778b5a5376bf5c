"""``floe init``: a product that runs as it is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click

from floe_core.cli.existing_dbt import is_dbt_project, look_at, projects_below
from floe_core.cli.new_product import Files, around_dbt, from_template, product_name
from floe_core.cli.output import Output, output_option
from floe_core.cli.templates import write_new
from floe_core.cli.workflow import repository_of, workflow_files
from floe_core.errors import Problem, SpecError, shown
from floe_core.location import MANIFEST_NAME, SPEC_NAME, manifest_above
from floe_core.schemas.export import SCHEMA_FILES

_TEMPLATES = ("shop", "empty")
_WORKFLOW = "github"


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@click.option(
    "--template",
    "template_name",
    type=click.Choice([*_TEMPLATES, _WORKFLOW]),
    help="What to start from; by default 'shop', a small product with data. A dbt project needs none. "
    "'github' adds a workflow that compiles and plans what stands in DIRECTORY.",
)
@output_option
def command(directory: Path, template_name: str | None, output: Output) -> None:
    """Start a new product in DIRECTORY, or make the dbt project there a product.

    In a folder with a dbt_project.yml a floe.yaml is written beside it, and a manifest.yaml where none is
    above; the project's own files stay as they are.
    """
    folder = directory.absolute()
    if template_name == _WORKFLOW:
        _workflow(folder.resolve(), output)
        return
    if template_name is None and is_dbt_project(folder):
        _around_dbt(folder, output)
        return
    if template_name is None:
        _refuse_beside_dbt(folder)
    name = product_name(folder.resolve().name)
    files = from_template(template_name or _TEMPLATES[0], name)
    written = _write(folder, files)
    output.document(_document(name, folder, written))
    output.line(f"wrote {shown(folder)}, {len(written)} files: product '{name}'")
    _tell_next(output, folder, _first_query(files))


def _around_dbt(folder: Path, output: Output) -> None:
    found = look_at(folder)
    name = product_name(found.name or folder.resolve().name)
    manifest = manifest_above(folder)
    written = _write(folder, around_dbt(name, manifest=manifest is None))
    platform = shown(manifest or folder / MANIFEST_NAME)
    output.document({**_document(name, folder, written), "platform": platform, "dbt": asdict(found)})
    output.line(f"found the dbt project '{found.name}'")
    for line in found.lines():
        output.line(line)
    output.line(f"wrote {', '.join(shown(path) for path in written)}")
    output.line(f"it is product '{name}' now, on the platform of {platform}")
    _tell_next(output, folder, [], first=[] if found.packages_installed else ["dbt deps"])


def _workflow(folder: Path, output: Output) -> None:
    repository = repository_of(folder)
    written = write_new(repository, workflow_files(folder), hint="delete it to have it written anew")
    output.document({"directory": shown(repository), "files": [shown(path) for path in written]})
    output.line(f"wrote {', '.join(shown(path) for path in written)}")
    output.line("next:")
    output.line(f"  git add {quote(shown(written[0]))}")


def _write(folder: Path, files: Files) -> list[Path]:
    """Write the files; a schema that was exported before may stay."""
    schemas = set(SCHEMA_FILES.values())
    kept = {path for path in files if path.name in schemas and (folder / path).exists()}
    wanted = {path: content for path, content in files.items() if path not in kept}
    instead = "floe run" if (folder / SPEC_NAME).exists() else "choose another folder"
    return write_new(folder, wanted, hint=instead)


def _refuse_beside_dbt(folder: Path) -> None:
    """Whoever stands above a dbt project hardly wants a shop beside it."""
    if below := projects_below(folder):
        raise SpecError(
            Problem(
                "FLOE-E017",
                f"there is a dbt project in '{shown(below[0])}'",
                hint=f"floe init {quote(shown(below[0]))}, or say what to start from: --template shop",
            )
        )


def _document(name: str, folder: Path, written: list[Path]) -> dict[str, object]:
    return {"product": name, "directory": shown(folder), "files": [shown(path) for path in written]}


def _first_query(files: Files) -> list[str]:
    marts = [path.stem for path in files if path.suffix == ".sql" and path.parent.name == "marts"]
    return [f'floe query "select * from {mart} limit 10"' for mart in marts[:1]]


def _tell_next(output: Output, folder: Path, last: list[str], *, first: list[str] | None = None) -> None:
    there = [f"cd {quote(shown(folder))}"] if folder != Path.cwd() else []
    output.line("next:")
    for line in [*there, *(first or []), "floe run", *last]:
        output.line(f"  {line}")
