"""What is sent beside a body, often secrets."""

from __future__ import annotations

from collections.abc import Mapping


def sendable(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without the line's end that a secret's file has.

    Raises ValueError, without the value, for one that would be read as more than one header.
    """
    found = {name: value.strip() for name, value in headers.items()}
    for name, value in found.items():
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the header '{name}' has to be one line of ASCII")
    return found
