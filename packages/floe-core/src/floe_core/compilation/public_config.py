"""What of a plugin's configuration may be written down."""

from __future__ import annotations

from typing import Any

from pydantic import SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

from floe_core.plugins.base import Plugin
from floe_core.schemas.secret import reference_of


def public_config(plugin: Plugin) -> dict[str, Any]:
    """Without secrets; references stay: they say where a run finds the secret, not what it is."""
    config: dict[str, Any] = to_jsonable_python(_without_secrets(plugin.model_dump(by_alias=True)))
    return config


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items() if _is_public(part)}
    if isinstance(value, list | tuple):
        return [_without_secrets(part) for part in value if _is_public(part)]
    return reference_of(value) if isinstance(value, SecretStr | SecretBytes) else value


def _is_public(value: Any) -> bool:
    return not isinstance(value, SecretStr | SecretBytes) or reference_of(value) is not None
