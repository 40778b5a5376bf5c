"""``floe init``: a product that runs as it is."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from shlex import quote

import click

from floe_core.cli.output import Output, output_option
from floe_core.cli.templates import contents, template, write_new
from floe_core.errors import shown
from floe_core.location import SPEC_NAME

_TEMPLATES = ("shop", "empty")
_SPEC = """\
apiVersion: floe.dev/v1
kind: Product
metadata:
  name: {name}
"""


@click.command()
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@click.option(
    "--template",
    "template_name",
    type=click.Choice(_TEMPLATES),
    help="What to start from; by default 'shop', a small product with data. A dbt project needs none.",
)
@output_option
def command(directory: Path, template_name: str | None, output: Output) -> None:
    """Start a new product in DIRECTORY, or make the dbt project there a product.

    In a folder with a dbt_project.yml only floe.yaml is written: your models stay as they are.
    """
    folder = directory.absolute()
    name = product_name(folder.resolve().name)
    own = template_name is None and (folder / "dbt_project.yml").is_file()
    files = _own(name) if own else _filled(template_name or _TEMPLATES[0], name)
    instead = "floe run" if (folder / SPEC_NAME).exists() else "choose another folder"
    written = write_new(folder, files, hint=instead)
    output.document({"product": name, "directory": shown(folder), "files": [shown(path) for path in written]})
    what = "your dbt project is now" if own else f"{len(written)} files:"
    output.line(f"wrote {shown(written[0]) if own else shown(folder)}, {what} product '{name}'")
    output.line("next:")
    for line in _next(folder, files):
        output.line(f"  {line}")


def product_name(text: str) -> str:
    """A product's name like the text: lower case, '-' for what a name cannot hold."""
    name = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")
    if not name:
        return "product"
    return name if name[0].isalpha() else f"product-{name}"


def _own(name: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(SPEC_NAME): _SPEC.format(name=name).encode()}


def _filled(template_name: str, name: str) -> dict[PurePosixPath, bytes]:
    """The template's files with the product's name in their paths and texts."""
    names = {"__floe_name__": name, "__floe_sql_name__": re.sub(r"\W", "_", name)}
    return {
        PurePosixPath(_replaced(str(path), names)): _replaced(content.decode(), names).encode()
        for path, content in contents(template(template_name))
    }


def _replaced(text: str, names: dict[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def _next(folder: Path, files: dict[PurePosixPath, bytes]) -> list[str]:
    marts = [path.stem for path in files if path.suffix == ".sql" and path.parent.name == "marts"]
    return [
        *([f"cd {quote(shown(folder))}"] if folder != Path.cwd() else []),
        "floe run",
        *[f'floe query "select * from {mart} limit 10"' for mart in marts[:1]],
    ]
