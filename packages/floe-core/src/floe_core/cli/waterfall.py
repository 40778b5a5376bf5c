"""The spans of a run, laid out in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

import click

from floe_core.ledger import Ledger
from floe_core.run_result import RunResult
from floe_core.telemetry_reader import ToldSpan

_LABEL = 34
_LEAST_BAR = 20
_MARKED = len("  cancelled")
_NO_WORK = ("skipped", "reused")
_MARKS = "─━"


@dataclass
class Part:
    """A span with what it consists of."""

    span: ToldSpan
    depth: int
    parts: list[Part] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What people call it: the model, the test, else the kind of work."""
        said = self.span.attributes
        if self.span.name == "model":
            return str(said.get("model_name", "model"))
        return f"test {said['floe.test']}" if "floe.test" in said else self.span.name

    @property
    def ending(self) -> str:
        """The word for how it ended that did not end well."""
        return str(self.span.attributes.get("floe.state", "failed"))

    def walk(self) -> Iterator[Part]:
        yield self
        for part in self.parts:
            yield from part.walk()


def parts_of(spans: Sequence[ToldSpan], root_id: str) -> Part | None:
    """The span of that id with everything below it; None when it was not told."""
    below: dict[str | None, list[ToldSpan]] = defaultdict(list)
    for span in spans:
        below[span.parent_id].append(span)
    root = next((span for span in spans if span.context.span_id == root_id), None)
    if root is None:
        return None

    def part(span: ToldSpan, depth: int) -> Part:
        return Part(span, depth, [part(child, depth + 1) for child in below[span.context.span_id]])

    return part(root, 0)


def critical_path(root: Part) -> list[Part]:
    """The parts that the whole waited for, the first first: each is the last that ended before the next."""
    path, until = list[Part](), root.span.end_ns
    worked = [part for part in root.parts if part.span.attributes.get("floe.state") not in _NO_WORK]
    while before := [part for part in worked if part.span.end_ns <= until and part not in path]:
        last = max(before, key=lambda part: part.span.end_ns)
        path.append(last)
        until = last.span.start_ns
    return path[::-1]


def failures(root: Part) -> list[Part]:
    """The parts that went wrong, without what they consist of; the whole, where that is all that is known."""
    found, waiting = list[Part](), list(root.parts)
    for part in waiting:
        if part.span.error:
            found.append(part)
        else:
            waiting.extend(part.parts)
    return found or ([root] if root.span.error else [])


@dataclass(frozen=True)
class Slow:
    """A model that took long, beside the median of earlier runs; None when there was none."""

    model: str
    seconds: float
    usual: float | None
    runs: int


def slowest(ledger: Ledger, run: RunResult, *, count: int = 3) -> list[Slow]:
    """The models that took longest in the attempt, the longest first."""
    earlier = ledger.earlier_seconds(run)
    models = [model for model in run.models if model.state in ("succeeded", "failed")]
    found = sorted(models, key=lambda model: -model.seconds)[:count]
    return [
        Slow(model.name, model.seconds, median(before) if before else None, len(before))
        for model in found
        for before in (earlier.get(model.unique_id, []),)
    ]


def waterfall(root: Part, *, width: int, deep: bool) -> Iterator[str]:
    """A line for each part, with a bar where it lies in time; what is on the critical path is drawn thick."""
    critical = {part.span.context.span_id for part in critical_path(root)}
    broken = any(part.span.error for part in root.walk())
    room = max(width - _LABEL - 12 - (_MARKED if broken else 0), _LEAST_BAR)
    start, whole = root.span.start_ns, max(root.span.end_ns - root.span.start_ns, 1)
    for part in root.walk():
        if part.depth > 1 and not deep:
            continue
        span, label = part.span, f"{'  ' * part.depth}{part.label}"
        first = min(max((span.start_ns - start) * room // whole, 0), room - 1)
        length = max(min((span.end_ns - start) * room // whole, room) - first, 1)
        thick = part.depth == 0 or span.context.span_id in critical
        bar = " " * first + _MARKS[thick] * length
        short = label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"
        line = f"{short:<{_LABEL}} {span.seconds:>8.2f} s  {bar}"
        yield click.style(f"{line}  {part.ending}", fg="red") if span.error else line
