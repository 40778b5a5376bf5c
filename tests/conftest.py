"""What the tests of the whole share: a copy of the demo, and one finished run of each of its products.

Who uses a finished run marks its module ``pytest.mark.xdist_group("demo")``, so that one worker runs it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demo import Demo, FinishedRun


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """A demo of the test's own."""
    return Demo.copied_to(tmp_path / "demo")


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo whose products are run once, for all tests to look at and none to change."""
    return Demo.copied_to(tmp_path_factory.mktemp("finished") / "demo")


@pytest.fixture(scope="session")
def customer_360_run(finished_demo: Demo) -> FinishedRun:
    return FinishedRun(finished_demo, "customer-360", finished_demo.run("customer-360"))


@pytest.fixture(scope="session")
def iot_telemetry_run(finished_demo: Demo) -> FinishedRun:
    return FinishedRun(finished_demo, "iot-telemetry", finished_demo.run("iot-telemetry"))


@pytest.fixture(scope="session")
def financial_risk_run(finished_demo: Demo) -> FinishedRun:
    return FinishedRun(finished_demo, "financial-risk", finished_demo.run("financial-risk"))
