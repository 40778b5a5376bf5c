"""Where results go: lines for people, or one JSON document for programs."""

from __future__ import annotations

import errno
import itertools
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO, TypeVar

import click

from floe_core.terminal import visible

SCHEMA_VERSION = "1"

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Output:
    """The form that ``--output`` asked for. Each method is silent in the other form."""

    json: bool

    def line(self, text: str = "") -> None:
        if not self.json:
            say(visible(text))

    def note(self, text: str) -> None:
        """Tell people something beside the result."""
        if not self.json:
            say(visible(text), err=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep what others print in the meantime off standard output, where the document goes."""
        with redirect_stdout(sys.stderr) if self.json else nullcontext():
            yield

    def document(self, content: Mapping[str, Any]) -> None:
        if self.json:
            say(render(content))


_GONE = {errno.EPIPE, errno.EIO}
"""What a write meets when nobody reads any more: ``head`` has seen enough, a terminal was closed."""


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print; where the reader is gone say nothing from now on, and let the work go on."""
    try:
        click.echo(text + end, err=err, nl=False)
    except OSError as error:
        if error.errno not in _GONE:
            raise
        forget(sys.stderr if err else sys.stdout)


def forget(stream: TextIO) -> None:
    """Send what is still to come, also what the interpreter flushes on its way out, into nothing."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)


def output_option(command: Function) -> Function:
    """Add ``--output``; the command gets it as ``output: Output``."""
    return click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        callback=lambda _context, _parameter, value: Output(json=value == "json"),
        help="What to print.",
    )(command)


def colours_unwanted() -> bool:
    """Whether even a terminal shall get plain lines."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def wants_json(arguments: list[str]) -> bool:
    """Whether the command line asks for JSON; also answers for one that cannot be parsed."""
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    words = [part for word in ours for part in word.split("=", 1)]
    values = [after for word, after in itertools.pairwise(words) if word == "--output"]
    return values[-1:] == ["json"]


def render(content: Mapping[str, Any]) -> str:
    """The document as JSON: a line for each key, and one for each item of a list."""
    members = {"schema_version": SCHEMA_VERSION, **content}
    lines = ",\n".join(f"  {json.dumps(key)}: {_value(value)}" for key, value in members.items())
    return f"{{\n{lines}\n}}"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple) and value:
        items = ",\n".join(f"    {_compact(item)}" for item in value)
        return f"[\n{items}\n  ]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """The value in JSON's own terms: NaN and infinities become text, times ISO 8601 in UTC."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond, with a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def counted(count: int, thing: str) -> str:
    """The count with its noun: '1 model', '1,200 models'."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
