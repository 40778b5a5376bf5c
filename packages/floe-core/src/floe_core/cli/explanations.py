"""The page of each error code: it travels in this distribution, and lies in the checkout's docs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from floe_core.errors import PluginError, Problem, SpecError
from floe_core.suggestion import did_you_mean

_CODE = re.compile(r"(?:FLOE-?)?E?(\d{3})", re.IGNORECASE)

_SETTING = re.compile(r"[a-z]\w*(\.\w+)*")


@dataclass(frozen=True)
class Explanation:
    """What a code means: a title, and the whole page as Markdown."""

    code: str
    title: str
    text: str


def explanation(word: str) -> Explanation:
    """The page of a code, which may be shortened to 'E204' or '204'; raises SpecError if it is none."""
    pages = _pages()
    shortened = _CODE.fullmatch(word.strip())
    code = f"FLOE-E{shortened[1]}" if shortened else word
    if code not in pages:
        raise SpecError(Problem("FLOE-E018", f"no error code '{word}'", hint=_instead(word, pages)))
    return _read(code, pages[code])


def _instead(word: str, pages: Iterable[str]) -> str:
    if _SETTING.fullmatch(word):
        return f"floe compile --explain {word}"
    return did_you_mean(word, pages) or "floe explain lists them all"


def explanations() -> list[Explanation]:
    """All pages, by code."""
    return [_read(code, page) for code, page in sorted(_pages().items())]


def _read(code: str, page: Traversable) -> Explanation:
    text = page.read_text("utf-8")
    return Explanation(code, text.partition("\n")[0].removeprefix(f"# {code}: "), text)


def _pages() -> dict[str, Traversable]:
    folder = _folder()
    return {
        page.name.removesuffix(".md"): page for page in folder.iterdir() if page.name.startswith("FLOE-E")
    }


def _folder() -> Traversable:
    package = files("floe_core")
    if (shipped := package.joinpath("explanations")).is_dir():
        return shipped
    beside = Path(str(package)).parents[3] / "docs" / "errors"  # installed in place
    if not beside.is_dir():
        raise PluginError(
            Problem(
                "FLOE-E011",
                "this installation has no explanations",
                hint="pip install --force-reinstall floe-core",
            )
        )
    return beside
