"""How a run ended, for people."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from typing import get_args

import click

from floe_core.cli.output import counted
from floe_core.events import ModelFinished, TestFinished, TestState
from floe_core.run_result import RunResult

_TEST_STATES: tuple[TestState, ...] = get_args(TestState)
_BAD_TESTS = ("failed", "errored")


def outcome_lines(result: RunResult, sources: Mapping[str, str]) -> list[str]:
    """What there is to say after the last model; ``sources`` are files by unique id."""
    tests = [_tests(result)] if result.tests else []
    if result.state == "succeeded":
        return [*tests, _success(result)]
    return [*tests, _failure(result), *_reasons(result, sources), *_skipped(result), _next(result, sources)]


def short(run_id: str) -> str:
    """As much of a run's id as people compare."""
    return run_id[:8]


def _success(result: RunResult) -> str:
    tables = sum(model.snapshot_id is not None for model in result.models)
    head = click.style(f"published {counted(tables, 'table')}", fg="green")
    return f"{head}, run {short(result.run_id)}, {duration(result)}"


def _failure(result: RunResult) -> str:
    said = "everything was published" if result.published else "nothing was published"
    head = click.style(f"{result.state}: {said}", fg="red")
    return f"{head}, run {short(result.run_id)}, {duration(result)}"


def duration(result: RunResult) -> str:
    if result.ended_at is None:
        return "not ended"
    return f"{(result.ended_at - result.started_at).total_seconds():.1f} s"


def _tests(result: RunResult) -> str:
    states = Counter(test.state for test in result.tests)
    return "tests: " + ", ".join(f"{states[state]} {state}" for state in _TEST_STATES if states[state])


def _reasons(result: RunResult, sources: Mapping[str, str]) -> list[str]:
    models = [_model(model, sources) for model in result.models if model.state == "failed"]
    tests = [_test(result, test) for test in result.tests if test.state in _BAD_TESTS and test.blocking]
    if not models and not tests and result.reason:
        return [textwrap.indent(result.reason, "  ")]
    return models + tests


def _model(model: ModelFinished, sources: Mapping[str, str]) -> str:
    place = sources.get(model.unique_id)
    head = f"  model '{model.name}'" + (f" ({place})" if place else "")
    return f"{head} failed:\n{textwrap.indent((model.error or '').strip(), '    ')}"


def _test(result: RunResult, test: TestFinished) -> str:
    model = test.model
    about = f" of '{model}'" if model else ""
    return f"  test '{test.name}'{about} {test.state}: {test.finding}"


def _skipped(result: RunResult) -> list[str]:
    names = [model.name for model in result.models if model.state == "skipped"]
    return [f"  skipped: {', '.join(names)}"] if names else []


def _next(result: RunResult, sources: Mapping[str, str]) -> str:
    broken = [sources[model.unique_id] for model in result.models if model.state == "failed"]
    return f"next: mend {broken[0] if broken else 'what is told above'}, then: floe retry"
