"""What may be written to a terminal: data stands in errors and log lines, too."""

from __future__ import annotations

import re

_OBEYED = re.compile(r"(\x1b\[[0-9;]*m)|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with escapes for what a terminal obeys; colours stay, and the ends of lines."""
    return _OBEYED.sub(lambda found: found[1] or found[0].encode("unicode_escape").decode(), text)
