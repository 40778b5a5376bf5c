"""The workshop's pytest plugin: markers, rules for tests, and a closed environment."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from floe_core.telemetry import queue
from testing import quality, requirements
from testing.environment import AS_SHIPPED, TestEnvironment
from testing.golden import Golden
from testing.services import EMBEDDED, LEGS, NOT_OF

_ENVIRONMENT = pytest.StashKey[TestEnvironment]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--leg", choices=LEGS, default=EMBEDDED, help="what the engine runs on")
    parser.addoption("--update-golden", action="store_true", help="write golden files, do not compare")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): what a test proves; every test names some")
    config.addinivalue_line("markers", "slow: a test of the slow tier, run by 'make test-slow'")
    config.addinivalue_line("markers", "embedded: a test of what only SQLite does")
    config.addinivalue_line("markers", "lent: a test of rights that a catalog lends")
    config.addinivalue_line("markers", "own_rights: a test of what no rights are lent for")
    config.addinivalue_line("markers", "store: a test of an S3 store")
    config.addinivalue_line("markers", "disk: a test of what only files on a local disk do")
    environment = TestEnvironment(Path(tempfile.mkdtemp(prefix="floe-tests-")))
    environment.enter()
    config.stash[_ENVIRONMENT] = environment


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_ENVIRONMENT].scratch, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn what a test module does wrong into its collection error, everything at once."""
    report = yield
    if report.outcome == "passed" and (problems := _problems(collector, report)):
        report.outcome, report.result, report.longrepr = "failed", [], "\n".join(problems)
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of a leg what is true of others alone, and of all but the first what knows no leg."""
    leg = config.getoption("--leg")
    apart = [
        item
        for item in items
        if any(map(item.get_closest_marker, NOT_OF[leg]))
        or (leg != EMBEDDED and "leg" not in getattr(item, "fixturenames", ()))
    ]
    if not apart:
        return
    config.hook.pytest_deselected(items=apart)
    items[:] = [item for item in items if item not in apart]


def _problems(collector: pytest.Collector, report: pytest.CollectReport) -> list[str]:
    items = [item for item in report.result if isinstance(item, pytest.Item)]
    found = [problem for item in items for problem in _unproven(item)]
    if isinstance(collector, pytest.Module):
        found += quality.problems_of_file(collector.path)
    return found


def _unproven(item: pytest.Item) -> list[str]:
    marks = list(item.iter_markers("requirement"))
    ids = tuple(argument for mark in marks for argument in mark.args)
    if not ids:
        return [f'{item.nodeid}: names no requirement: add @pytest.mark.requirement("FR-…")']
    return [f"{item.nodeid}: '{name}' is no known requirement" for name in requirements.unknown(ids)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    yield
    _stay_here(item.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    _stay_here(session.config)


def _stay_here(config: pytest.Config) -> None:
    if connections := config.stash[_ENVIRONMENT].connections():
        pytest.fail("\n".join(["tests stay on this machine:", *connections]), pytrace=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with a file in ``golden/`` beside the test."""
    update = bool(request.config.getoption("--update-golden"))
    return Golden(folder=request.path.parent / "golden", update=update)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telemetry has no more time than users give it: for tests of receivers that never take it."""
    for limit, seconds in AS_SHIPPED.items():
        monkeypatch.setattr(queue, limit, seconds)
