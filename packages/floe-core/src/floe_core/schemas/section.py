"""What every mapping in a file has in common."""

from __future__ import annotations

import re
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from floe_core.schemas.secret import AS_WRITTEN, refuse_misplaced

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


class Section(BaseModel):
    """One mapping of a YAML file: camelCase keys, none unknown, except those that begin with ``x-``.

    Files give every scalar as text (see ``yaml_file``), so the fields' types decide what it is; a
    key with nothing behind it counts as not written. Inputs stay out of pydantic's own messages:
    a mapping may hold a secret.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        json_schema_extra={"patternProperties": {"^x-": {}}},
    )

    passed_on: ClassVar[frozenset[str]] = frozenset()
    """The fields whose content is somebody else's to judge."""

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_said(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {*cls.model_fields, *(field.alias for field in cls.model_fields.values())}
        return {
            key: value
            for key, value in data.items()
            if not str(key).startswith("x-") and not (value is None and key in known)
        }

    @field_validator("*", mode="before")
    @classmethod
    def _canonical(cls, value: Any, info: ValidationInfo) -> Any:
        if info.context is AS_WRITTEN and info.field_name and info.field_name not in cls.passed_on:
            annotation = cls.model_fields[info.field_name].annotation
            if not _holds_sections(annotation):  # they look at themselves
                refuse_misplaced(annotation, value)
        if isinstance(value, str) and info.field_name:
            kinds = kinds_of(cls.model_fields[info.field_name].annotation)
            if bool in kinds and str not in kinds and value not in ("true", "false"):
                raise PydanticCustomError("boolean", "expected true or false")
            if int in kinds and str not in kinds and not _INTEGER.fullmatch(value):
                raise PydanticCustomError("integer", "expected a whole number")
        return value


def kinds_of(annotation: Any) -> set[Any]:
    """The plain types an annotation allows, through ``X | None`` and ``Annotated``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return kinds_of(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return {kind for part in get_args(annotation) for kind in kinds_of(part)}
    return {annotation}


def _holds_sections(annotation: Any) -> bool:
    return any(
        (isinstance(kind, type) and issubclass(kind, BaseModel))
        or any(_holds_sections(part) for part in get_args(kind))
        for kind in kinds_of(annotation)
    )


def drop_extensions(data: Any) -> Any:
    """The same mapping without its ``x-`` keys."""
    if not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if not str(key).startswith("x-")}
