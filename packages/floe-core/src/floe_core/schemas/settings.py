"""What a platform sets for its products, a product for itself, and either for one environment."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from floe_core.schemas.section import Section
from floe_core.schemas.values import Cron, Duration, Text, Timezone, seconds

SETTINGS = ("compute", "schedule", "retention", "environments")
"""What a product may set; ``compute.threads`` and the like are part of them."""


class Schedule(Section):
    """When the product runs by itself."""

    every: Duration | None = Field(
        None, description="Run again after this long, such as 10m; 10m when nothing is said."
    )
    cron: Cron | None = Field(None, description="Run at these times, as a cron expression.")
    timezone: Timezone | None = Field(None, description="The time zone of cron; UTC when nothing is said.")
    catch_up: Literal["once", "never"] | None = Field(
        None, description="After a pause with missed times: run once (when nothing is said), or never."
    )
    when: Literal["upstream-changed"] | None = Field(
        None, description="Run when a product that is read from has published; alone, or beside a time."
    )

    @model_validator(mode="before")
    @classmethod
    def _default(cls, data: object) -> object:
        return {"every": "10m"} if data == {} else data

    @model_validator(mode="after")
    def _one_way(self) -> Schedule:
        timed = (self.every is not None) + (self.cron is not None)
        if timed == 2 or (timed == 0 and self.when is None):
            raise PydanticCustomError("one_of", "expected one of 'every' and 'cron'")
        if self.catch_up and not timed:
            raise PydanticCustomError("needs", "'catchUp' is for 'every' and 'cron' only")
        if self.timezone and not self.cron:
            raise PydanticCustomError("needs", "'timezone' is for 'cron' only")
        if self.every and seconds(self.every) < 60:
            raise PydanticCustomError("too_often", "'every' is at least 1m")
        return self


class Retention(Section):
    """How long rows are kept."""

    max_age: Duration = Field(description="Rows older than this are deleted.")
    column: Text = Field(description="The timestamp column that tells a row's age.")

    @property
    def max_age_s(self) -> int:
        return seconds(self.max_age)


class ComputeChoice(Section):
    """A compute plugin and its settings."""

    passed_on: ClassVar[frozenset[str]] = frozenset({"config"})

    type: Text | None = Field(None, description="The plugin's name; the platform's where nothing is said.")
    config: dict[str, Any] = Field({}, description="Settings of the plugin, on top of the platform's.")


def _spelled_out(data: object) -> object:
    """Let ``compute: spark`` mean ``compute: {type: spark}``."""
    return {"type": data} if isinstance(data, str) else data


Compute = Annotated[
    ComputeChoice,
    BeforeValidator(_spelled_out),
    WithJsonSchema({"anyOf": [{"type": "string"}, ComputeChoice.model_json_schema(by_alias=True)]}),
]


class Defaults(Section):
    """What a product gets that does not say it."""

    schedule: Schedule | None = Field(None, description="When products run by themselves.")
    retention: Retention | None = Field(None, description="How long rows are kept.")


def _setting(text: str) -> str:
    if text.partition(".")[0] in SETTINGS:
        return text
    raise PydanticCustomError("setting", "'{text}' is no setting", {"text": text, "known": [*SETTINGS]})


_PATTERN = rf"^({'|'.join(SETTINGS)})(\..+)?$"
SettingKey = Annotated[str, AfterValidator(_setting), WithJsonSchema({"type": "string", "pattern": _PATTERN})]
"""A setting, or all that begin with it: ``compute``, ``compute.threads``, ``schedule.every``."""
