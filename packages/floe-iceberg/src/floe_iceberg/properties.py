"""A catalog's properties: what opens it, and what of that may be shown."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_SECRETS = ("secret", "token", "password", "credential", "access-key")


def revealed(properties: Mapping[str, str | SecretStr]) -> dict[str, str]:
    """The properties as PyIceberg takes them: never to be shown."""
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in properties.items()
    }


def shareable(properties: Mapping[str, str | SecretStr]) -> dict[str, str]:
    """The properties without secrets, with which whoever has credentials of his own opens the catalog."""
    return {
        name: _without_password(value) if name == "uri" else value
        for name, value in properties.items()
        if not isinstance(value, SecretStr) and not any(word in name.lower() for word in _SECRETS)
    }


def _without_password(uri: str) -> str:
    try:
        url = make_url(uri)
    except ArgumentError:
        return uri
    return uri if url.password is None else url._replace(password=None).render_as_string()
