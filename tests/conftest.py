"""What the tests of the whole share: a copy of the demo, and one finished run of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demo import Demo, FinishedRun


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """A demo of the test's own."""
    return Demo.copied_to(tmp_path / "demo")


@pytest.fixture(scope="session")
def customer_360_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """customer-360, run once for all tests to look at and none to change.

    Who uses it marks its module ``pytest.mark.xdist_group("demo")``, so that one worker runs it.
    """
    demo = Demo.copied_to(tmp_path_factory.mktemp("finished") / "demo")
    return FinishedRun(demo, "customer-360", demo.run("customer-360"))
