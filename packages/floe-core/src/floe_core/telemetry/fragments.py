"""Parts of secrets, where a message quotes part of what it is about, as those on long texts do."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SHORTEST = 4
_NEAR = re.compile(r'(?<=near )"([^"]{4,})"')
_CUT = re.compile(r"(?<!\.)\.\.\.(?!\.)")
NEAR, DOTS = 'near "', "..."
BEGUN = 6
"""How much of a form is its beginning where nothing says that there was more."""


def without_fragments(text: str, forms: Sequence[str], begun: Sequence[str], mask: str) -> str:
    """The text without what is only a part of a form; ``begun`` are those whose beginning may be in it.

    That is the word near which an error is, what stands at dots, and the beginning with which a line ends.
    """
    if NEAR in text:
        text = _NEAR.sub(lambda found: f'"{mask}"' if _is_part(found[1], forms) else found[0], text)
    if DOTS in text:
        text = _without_ends_at_dots(text, forms, mask)
    for form in begun:
        text = "\n".join(_without_start(line, form, mask, BEGUN) for line in text.split("\n"))
    return text


def _without_ends_at_dots(text: str, forms: Sequence[str], mask: str) -> str:
    parts = _CUT.split(text)
    for place in range(len(parts) - 1):
        for form in forms:
            parts[place] = _without_start(parts[place], form, mask, _SHORTEST)
            parts[place + 1] = _without_end(parts[place + 1], form, mask)
    return DOTS.join(parts)


def _is_part(word: str, forms: Sequence[str]) -> bool:
    return any(word in form for form in forms)


def _without_start(before: str, form: str, mask: str, least: int) -> str:
    """What stands before a cut without the beginning of the form."""
    if form[:least] not in before:
        return before
    cut = next((size for size in _sizes(form, least) if before.endswith(form[:size])), 0)
    return before[:-cut] + mask if cut else before


def _without_end(after: str, form: str, mask: str) -> str:
    """What stands after a cut without the end of the form."""
    if form[-_SHORTEST:] not in after:
        return after
    cut = next((size for size in _sizes(form, _SHORTEST) if after.startswith(form[-size:])), 0)
    return mask + after[cut:] if cut else after


def _sizes(form: str, least: int) -> range:
    """How much of the form there may be, the most first."""
    return range(len(form) - 1, least - 1, -1)
