"""What a platform asks of its products, rule by rule, and how it takes a breach."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from floe_core.schemas.section import Section, drop_extensions
from floe_core.schemas.values import Name, Text

Level = Literal["off", "warn", "strict"]
_LEVELS: tuple[Level, ...] = get_args(Level)


class Rule(Section):
    """One rule; a bare level stands for a mapping with nothing else in it.

    ``at_most`` is the strictest it is without a level of its own.
    """

    at_most: ClassVar[Level] = "strict"

    level: Level | None = Field(
        None,
        description="off: not checked; warn: told; strict: refused. By default the one above.",
    )

    @property
    def asks(self) -> bool:
        """Whether there is anything to check; a rule about layers, patterns or names needs some."""
        return True


class ModelRule(Rule):
    """A rule about models."""

    exempt: tuple[Text, ...] = Field(
        (), description="Models the rule leaves alone, as MODEL or PRODUCT.MODEL; '*' stands for any text."
    )


class Announcements(ModelRule):
    """What other products are going to drop."""

    at_most: ClassVar[Level] = "warn"


class Naming(ModelRule):
    """How models are called."""

    models: Annotated[dict[Name, tuple[Text, ...]], BeforeValidator(drop_extensions)] = Field(
        {}, description="The patterns of a layer's model names, such as 'stg_*'; one of them must fit."
    )

    @property
    def asks(self) -> bool:
        return bool(self.models)


class Layering(ModelRule):
    """Which layers may read which, and what other products may read."""

    forbid: Annotated[dict[Name, tuple[Name, ...]], BeforeValidator(drop_extensions)] = Field(
        {"gold": ("bronze",)}, description="The layers that a layer's models do not read."
    )
    required: bool = Field(False, description="Whether every model must belong to a layer.")
    exposed: tuple[Name, ...] | None = Field(
        None,
        description="The layers other products may read where a product does not say; all by default.",
    )


class Demanded(ModelRule):
    """Something that models of some layers must have."""

    layers: tuple[Name, ...] = Field((), description="The layers whose models must have it.")

    @property
    def asks(self) -> bool:
        return bool(self.layers)


class Descriptions(Demanded):
    """Which models are described."""

    columns: bool = Field(False, description="Whether each of their columns must be described, too.")


class PersonalData(ModelRule):
    """Which columns must say whether they hold personal data."""

    columns: tuple[Text, ...] = Field(
        (),
        description="Names, such as 'email' or '*_phone', of columns that must be classified: by "
        "'meta: {pii: true}' or '{pii: false}', or by the tag 'pii'.",
    )
    inherited: bool = Field(
        True, description="Whether columns that are made from personal ones must be classified, too."
    )

    @property
    def asks(self) -> bool:
        return bool(self.columns)


def _spelled_out(data: object) -> object:
    """Let ``ownership: strict`` mean ``ownership: {level: strict}``."""
    if not isinstance(data, str):
        return data
    if data not in ("off", "warn", "strict"):
        raise PydanticCustomError(
            "level",
            "'{data}' is not 'off', 'warn' or 'strict'",
            {"data": data, "known": ["off", "warn", "strict"]},
        )
    return {"level": data}


_SHORT: dict[str, Any] = {"type": "string", "enum": ["off", "warn", "strict"]}


def _or_level(model: type[Section]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [_SHORT, model.model_json_schema(by_alias=True)]})


class Rules(Section):
    """The rules, by name. A rule that names no layer, pattern or column asks for nothing."""

    plugin_instrumentation: Annotated[Rule, BeforeValidator(_spelled_out), _or_level(Rule)] = Field(
        Rule(), description="Every plugin reports what it does under a tracer of its own."
    )
    ownership: Annotated[Rule, BeforeValidator(_spelled_out), _or_level(Rule)] = Field(
        Rule(), description="Every product has an owner."
    )
    naming: Annotated[Naming, BeforeValidator(_spelled_out), _or_level(Naming)] = Field(
        Naming(), description="How models are called, by layer."
    )
    layers: Annotated[Layering, BeforeValidator(_spelled_out), _or_level(Layering)] = Field(
        Layering(), description="Which layers read which, and what other products may read."
    )
    tests: Annotated[Demanded, BeforeValidator(_spelled_out), _or_level(Demanded)] = Field(
        Demanded(), description="The layers whose models have a test that stops a run."
    )
    descriptions: Annotated[Descriptions, BeforeValidator(_spelled_out), _or_level(Descriptions)] = Field(
        Descriptions(), description="The layers whose models are described."
    )
    personal_data: Annotated[PersonalData, BeforeValidator(_spelled_out), _or_level(PersonalData)] = Field(
        PersonalData(), description="The columns that say whether they hold personal data."
    )
    deprecations: Annotated[Announcements, BeforeValidator(_spelled_out), _or_level(Announcements)] = Field(
        Announcements(),
        description="No model reads what another product has deprecated; told, unless a level of its own says"
        " more: announcing breaks nobody.",
    )
    policies: Annotated[Rule, BeforeValidator(_spelled_out), _or_level(Rule)] = Field(
        Rule(), description="What the files in 'policies/' beside the manifest ask for."
    )


class Governance(Section):
    """How policies are enforced."""

    level: Level = Field("warn", description="off: not checked; warn: told; strict: refused.")
    rules: Rules = Field(Rules(), description="What is asked of products, each rule at a level of its own.")

    def level_of(self, rule: str) -> Level:
        """The level of a rule by its field's name; ``off`` above all rules silences all that say nothing."""
        own: Rule = getattr(self.rules, rule)
        return own.level or _LEVELS[min(_LEVELS.index(self.level), _LEVELS.index(own.at_most))]
