"""The files of a new product: a template's, or what makes a dbt project one."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from floe_core.cli.schema_files import schema_content
from floe_core.cli.templates import contents, template
from floe_core.location import MANIFEST_NAME, SPEC_NAME
from floe_core.schemas.export import SCHEMA_FILES, SchemaName, modeline

Files = dict[PurePosixPath, bytes]

_SCHEMAS: dict[str, SchemaName] = {SPEC_NAME: "spec", MANIFEST_NAME: "manifest"}
_SPEC = """\
apiVersion: floe.dev/v1
kind: Product
metadata:
  name: {name}
"""
_MANIFEST = """\
apiVersion: floe.dev/v1
kind: Manifest
metadata:
  name: {name}
plugins:
  compute: {{type: duckdb}}
  catalog: {{type: local}}
  storage: {{type: local}}
  orchestrator: {{type: dagster}}
governance: {{level: warn}}
"""


def product_name(text: str) -> str:
    """A product's name like the text: lower case, no accents, '-' for what a name cannot hold."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    name = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")
    if not name:
        return "product"
    return name if name[0].isalpha() else f"product-{name}"


def from_template(template_name: str, name: str) -> Files:
    """The template's files with the product's name in their paths and texts."""
    names = {"__floe_name__": name, "__floe_sql_name__": re.sub(r"\W", "_", name)}
    return _with_schemas(
        {
            PurePosixPath(_replaced(str(path), names)): _replaced(content.decode(), names).encode()
            for path, content in contents(template(template_name))
        }
    )


def around_dbt(name: str, *, manifest: bool) -> Files:
    """What stands beside a dbt project to make it a product, with a platform of its own if wanted.

    The state's own ``.gitignore`` keeps it out of git without a change to the project's.
    """
    files = {PurePosixPath(SPEC_NAME): _SPEC.format(name=name).encode()}
    if manifest:
        files[PurePosixPath(MANIFEST_NAME)] = _MANIFEST.format(name=name).encode()
        files[PurePosixPath(".floe/.gitignore")] = b"*\n"
    return _with_schemas(files)


def _replaced(text: str, names: dict[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def _with_schemas(files: Files) -> Files:
    """The same files; floe's own begin with the line that tells an editor their schema, which is added."""
    schemas = {path: _SCHEMAS[path.name] for path in files if path.name in _SCHEMAS}
    headed = {path: modeline(schema).encode() + files[path] for path, schema in schemas.items()}
    added = {path.with_name(SCHEMA_FILES[schema]): schema_content(schema) for path, schema in schemas.items()}
    return files | headed | added
