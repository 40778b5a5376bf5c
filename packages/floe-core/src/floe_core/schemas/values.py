"""The kinds of text the two files are made of."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from floe_core.location import path_fault

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_CRON_FIELD = re.compile(r"[0-9A-Za-z*,/-]+")
_CRON_WORDS = {"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}


def _matching(pattern: str, what: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text):
            return text
        told = {"text": text, "what": what}
        near = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        if compiled.fullmatch(near):
            told["hint"] = f"did you mean '{near}'?"
        raise PydanticCustomError("pattern", "'{text}' is not {what}", told)

    return AfterValidator(check)


def _text(pattern: str, what: str) -> tuple[AfterValidator, object]:
    return _matching(pattern, what), Field(json_schema_extra={"pattern": f"^({pattern})$"})


_NAME = r"[a-z][a-z0-9_-]*"
Name = Annotated[
    str,
    *_text(_NAME, "a name: lower-case letters, digits, '-' and '_', beginning with a letter"),
]
"""The name of a product, a platform, an environment or a layer."""

Version = Annotated[
    str,
    _matching(r"[A-Za-z0-9][A-Za-z0-9._+-]*", "a version: letters, digits and '._+-'"),
    Field(json_schema_extra={"type": ["string", "number"]}),
]
"""A version, kept as written: ``1.10`` stays ``1.10``."""

Duration = Annotated[str, *_text(r"[1-9][0-9]{0,8}[smhd]", "a duration such as 10m, 1h or 7d")]
"""A whole number with its unit: seconds, minutes, hours or days."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "expected some text")
    return text


Text = Annotated[str, AfterValidator(_not_blank)]
"""Any text with something in it."""


def seconds(duration: str) -> int:
    """How long a duration is."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def _relative(text: str) -> str:
    if fault := path_fault(text):
        raise PydanticCustomError("relative_path", "'{text}' is {fault}", {"text": text, "fault": fault})
    return text


RelativePath = Annotated[Text, AfterValidator(_relative)]
"""A path relative to the folder of the file it stands in."""


def _cron(text: str) -> str:
    fields = text.split()
    if text not in _CRON_WORDS and not (len(fields) == 5 and all(map(_CRON_FIELD.fullmatch, fields))):
        raise PydanticCustomError(
            "cron", "'{text}' is not a cron expression with five fields, such as '0 6 * * *'", {"text": text}
        )
    return text


Cron = Annotated[str, AfterValidator(_cron)]
"""A cron expression: minute, hour, day of the month, month, day of the week."""


def _timezone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if available_timezones():  # a machine without the database cannot judge
            told = {"text": text, "known": sorted(available_timezones())}
            raise PydanticCustomError(
                "timezone", "'{text}' is not a time zone such as Europe/Berlin", told
            ) from None
    return text


Timezone = Annotated[str, AfterValidator(_timezone)]
"""A time zone by its name in the IANA database."""
