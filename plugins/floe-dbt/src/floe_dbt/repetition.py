"""Two things that dbt does over and over with the same outcome, done once."""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dbt_common.constants import SECRET_ENV_PREFIX
from dbt_common.contracts.config.base import BaseConfig
from dbt_common.dataclass_schema import dbtClassMixin
from dbt_common.exceptions import base

_NO_REFERENCES = 2  # marshal's version in which equal values are equal bytes


@contextmanager
def without_repetition() -> Iterator[None]:
    """Spare a tenth of a parse: most configurations are alike, and most errors are raised to be caught.

    A configuration that dbt's schema has let pass is not looked at again. Every error dbt makes, such as
    the one for each package that has no macro of a name, looks for secrets in all of the environment.
    """
    mixin: Any = dbtClassMixin
    secrets, validate = base.env_secrets, mixin.__dict__["validate"]
    base.env_secrets = _once(os.environ)
    mixin.validate = classmethod(_unless_seen(validate.__func__))
    try:
        yield
    finally:
        base.env_secrets, mixin.validate = secrets, validate


def _once(environment: Mapping[str, str]) -> Any:
    found = [value for name, value in environment.items() if name.startswith(SECRET_ENV_PREFIX)]
    secrets = [value for value in found if value.strip()]
    return lambda: list(secrets)


def _unless_seen(validate: Any) -> Any:
    seen = set[tuple[type, bytes]]()

    def validate_unless_seen(cls: type, data: Any) -> None:
        if not issubclass(cls, BaseConfig):
            validate(cls, data)
            return
        try:
            key = (cls, marshal.dumps(data, _NO_REFERENCES))
        except ValueError:  # a type of its own is in it
            validate(cls, data)
            return
        if key not in seen:
            validate(cls, data)
            seen.add(key)

    return validate_unless_seen
