"""What dbt's schema finds wrong in dbt_project.yml, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dbt_common.dataclass_schema import ValidationError

from floe_core.errors import Position, Problem
from floe_core.plugins.dbt import DbtLocation
from floe_core.suggestion import did_you_mean
from floe_core.yaml_file import read_yaml

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys and values",
    "null": "nothing",
}


def project_key_problems(error: BaseException, location: DbtLocation) -> list[Problem]:
    """The problems of a project file that dbt's schema refuses; none where the error is another."""
    found = _schema_error(error)
    if found is None:
        return []
    path = location.project_dir / "dbt_project.yml"
    file = read_yaml(path)
    where = tuple(found.absolute_path)
    name = ".".join(str(key) for key in where)
    if found.validator == "additionalProperties":
        return [
            Problem("FLOE-E418", f"{'.'.join(map(str, key))}: unknown key", file.at(key, key=True), hint)
            for key, hint in _unknown(found)
        ]
    message, hint = _words(found)
    at = file.at(where) if where else Position.of(path)
    return [Problem("FLOE-E418", f"{name}: {message}" if name else message, at, hint)]


def _schema_error(error: BaseException | None) -> ValidationError | None:
    while error is not None:
        if isinstance(error, ValidationError) and isinstance(error.validator, str):
            return error  # and not one that dbt makes of a sentence of its own
        error = error.__cause__ or error.__context__
    return None


def _unknown(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str | None]]:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    known = schema.get("properties", {})
    for key in error.instance:
        if key not in known:
            yield (*error.absolute_path, str(key)), did_you_mean(str(key), known)


def _words(error: ValidationError) -> tuple[str, str | None]:
    value = error.instance
    if error.validator == "required":
        missing = re.match(r"'([^']+)'", error.message)
        return f"'{missing[1]}' is missing" if missing else error.message, None
    if error.validator == "pattern":
        fitting = re.sub(r"^(?=\d)|\W", "_", str(value))
        return f"'{value}' has more than letters, digits and '_' in it", f"write '{fitting}'"
    expected = [_KINDS[kind] for kind in _expected(error.schema) if kind in _KINDS]
    if not expected:
        return f"'{value}' does not fit here", None
    return f"expected {' or '.join(expected)}, found '{value}'", None


def _expected(schema: object) -> list[str]:
    """The kinds of value a schema takes, without null where there is another."""
    if not isinstance(schema, Mapping):
        return []
    options = schema.get("anyOf", [schema])
    kinds = [option["type"] for option in options if isinstance(option.get("type"), str)]
    return [kind for kind in kinds if kind != "null"] or kinds
