"""Secrets stand in no file: a file says ``${NAME}``, and the run looks the name up."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import SecretBytes, SecretStr
from pydantic_core import PydanticCustomError

from floe_core.errors import PluginError, Problem

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_KNOWN_VARIABLES = ("DBT_ENV_SECRET", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_read: set[str] = set()

AS_WRITTEN = object()
"""The validation context of what comes from a file, where a secret is a reference and nothing else is."""


def refuse_misplaced(annotation: Any, value: Any) -> None:
    """Raises PydanticCustomError for secrets that are written out, and for references that are no secrets.

    One error for all of the value; its context has their ``places`` in it, with what is wrong at each.
    """
    if is_secret(annotation):
        written_out = "a secret is written out"
        places = [(path, written_out) for path, text in _texts(value) if not REFERENCE.fullmatch(text)]
        if places:
            raise PydanticCustomError("secret_written_out", written_out, {"places": places})
        return
    references = [(path, found[0]) for path, text in _texts(value) if (found := REFERENCE.search(text))]
    if references:
        places = [(path, f"'{text}' is a reference, and this is no secret") for path, text in references]
        raise PydanticCustomError(
            "reference_misplaced",
            "'{text}' is a reference, and this is no secret",
            {"text": references[0][1], "places": places},
        )


def is_secret(annotation: Any) -> bool:
    """Whether a field of this annotation holds a secret, or several."""
    parts = get_args(annotation)
    return annotation in (SecretStr, SecretBytes) or any(is_secret(part) for part in parts)


def reference_of(secret: SecretStr | SecretBytes) -> str | None:
    """The reference as it was written, None for a secret itself."""
    text = secret.get_secret_value()
    return text if isinstance(text, str) and REFERENCE.fullmatch(text) else None


def looked_up(config: Any) -> Any:
    """The configuration with what its references name; raises PluginError for a name that is not set."""
    if isinstance(config, dict):
        return {key: looked_up(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return [looked_up(value) for value in config]
    if isinstance(config, str) and (found := REFERENCE.fullmatch(config)):
        value = os.environ.get(found[1])
        if not value:
            raise PluginError(
                Problem(
                    "FLOE-E219",
                    f"the secret '{config}' is not set",
                    hint=f"export {found[1]}=… in the environment of the run",
                )
            )
        _read.add(value)
        return value
    return config


def known_secrets() -> frozenset[str]:
    """Every secret this process has looked up, and those of the environment that dbt and engines look up."""
    of_others = (os.environ.get(name) for name in os.environ if name.startswith(_KNOWN_VARIABLES))
    return frozenset(_read.union(filter(None, of_others)))


def _texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a value, with the keys and indexes that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, index))
