"""Turning pydantic's errors into problems a person can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from floe_core.errors import Problem, in_order
from floe_core.schemas.secret import is_secret
from floe_core.schemas.section import kinds_of
from floe_core.suggestion import did_you_mean
from floe_core.yaml_file import YamlFile
from floe_core.yaml_reader import MAX_PROBLEMS, YamlPath

_FEW = 20
_EXPECTED = {
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "'key: value' lines",
    "model_type": "'key: value' lines",
    "model_attributes_type": "'key: value' lines",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "float_parsing": "a number",
    "float_type": "a number",
}


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    file: YamlFile | None = None,
    prefix: YamlPath = (),
    *,
    about: Callable[[YamlPath], bool] = lambda _: True,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> list[Problem]:
    """One problem for each error, at the key or value it is about, in the file's order.

    ``prefix`` is where in the file the model stands, ``about`` which errors are meant, by their paths,
    ``elsewhere`` the keys that another file has at its top, with that file's name.
    """
    errors = [
        each
        for details in error.errors(include_url=False)
        if about(details["loc"])
        for each in _by_place(details)
    ]
    problems = in_order(
        _problem(details, model, file, prefix, elsewhere) for details in errors[:MAX_PROBLEMS]
    )
    if len(errors) > MAX_PROBLEMS:
        problems.append(Problem("FLOE-E115", "more problems follow in this file", problems[-1].at))
    return problems


def _by_place(details: Any) -> list[Any]:
    """The error at each of the places within its value that it is about, if it says."""
    places = details.get("ctx", {}).get("places")
    if places is None:
        return [details]
    return [{**details, "loc": (*details["loc"], *path), "msg": message} for path, message in places]


def _problem(
    details: Any,
    model: type[BaseModel],
    file: YamlFile | None,
    prefix: YamlPath,
    elsewhere: Mapping[str, str],
) -> Problem:
    loc: YamlPath = details["loc"]
    about_key = loc[-1:] == ("[key]",)
    path: YamlPath = (*prefix, *(loc[:-1] if about_key else loc))
    kind = details["type"]
    if kind == "extra_forbidden":
        code, text, about_key = "FLOE-E201", "unknown key", True
        key, other = str(loc[-1]), elsewhere.get(str(loc[-1])) if len(path) == 1 else None
        hint = (
            f"'{key}' stands in {other}" if other else did_you_mean(key, keys_of(_model_at(model, loc[:-1])))
        )
    elif kind == "missing":
        code, text, about_key = "FLOE-E202", "missing", True
        hint = f"write '{loc[-1]}: …' " + (f"under '{_dotted(path[:-1])}'" if path[1:] else "in the file")
    elif kind == "reference_misplaced":
        code, text, hint = "FLOE-E217", details["msg"], "write the value out"
    elif kind == "secret_written_out":
        code, text = "FLOE-E218", details["msg"]
        hint = "write '${NAME}', and set NAME in the environment of the run"
    else:
        code, text, hint = "FLOE-E203", _text(details, model, loc), _hint(details)
    at = file.at(path, key=about_key) if file else None
    return Problem(code, f"{_dotted(path)}: {text}" if path else text, at, hint)


def _text(details: Any, model: type[BaseModel], loc: YamlPath) -> str:
    kind, value = details["type"], details["input"]
    if kind == "literal_error":
        return f"'{value}' is not {details['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        return f"'{value}' does not fit: {_meaning(model, loc)}"
    if expected := _EXPECTED.get(kind):
        return f"expected {expected}, found {_found(value, _is_secret(model, loc))}"
    if kind in ("boolean", "integer"):
        return f"{details['msg']}, found {_found(value, _is_secret(model, loc))}"
    message: str = details["msg"]
    return message[:1].lower() + message[1:]


def _hint(details: Any) -> str | None:
    context = details.get("ctx", {})
    if details["type"] == "literal_error":
        return did_you_mean(str(details["input"]), re.findall("'([^']*)'", context["expected"]))
    if known := context.get("known"):
        all_of_them = f"known here: {', '.join(sorted(known))}" if len(known) <= _FEW else None
        return did_you_mean(str(details["input"]), known) or all_of_them
    hint: str | None = context.get("hint")
    return hint


def _meaning(model: type[BaseModel], loc: YamlPath) -> str:
    """What the field is for, which a person understands better than a pattern."""
    holder = _model_at(model, loc[:-1]) or model
    said = [
        field.description for name, field in holder.model_fields.items() if loc[-1] in (name, field.alias)
    ]
    return (said[0] if said and said[0] else "see the schema").rstrip(".")


def _found(value: object, secret: bool) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "'key: value' lines"
    if isinstance(value, list | tuple):
        return "a list"
    return "another value" if secret else f"'{value}'"


def _dotted(path: YamlPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def keys_of(model: type[BaseModel] | None) -> list[str]:
    """The keys of a mapping that the model describes, as YAML has them."""
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_at(model: type[BaseModel] | None, loc: Sequence[str | int]) -> type[BaseModel] | None:
    """The model that describes the mapping at ``loc``."""
    if model is None or not loc:
        return model
    for held, between in _models_in(_annotation(model, loc[0])):
        return _model_at(held, loc[1 + between :])
    return None


def _annotation(model: type[BaseModel], key: str | int) -> Any:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field.annotation
    return None


def _models_in(annotation: Any) -> Iterator[tuple[type[BaseModel], int]]:
    """Models an annotation holds, with the number of keys or indexes in between."""
    for kind in kinds_of(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind, 0
        else:
            for argument in get_args(kind):
                yield from ((found, between + 1) for found, between in _models_in(argument))


def _is_secret(model: type[BaseModel], loc: YamlPath) -> bool:
    """Whether the field at ``loc``, or the one it is a part of, holds a secret."""
    if not loc:
        return True  # a whole model: nobody knows what stands in it
    annotation = _annotation(model, loc[0])
    for held, between in _models_in(annotation):
        if len(loc) > 1 + between:
            return _is_secret(held, loc[1 + between :])
    return is_secret(annotation)
