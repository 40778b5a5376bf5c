"""The lake every test here works on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.lake import Lake
from testing.legs import Leg, started


@pytest.fixture(scope="session")
def leg(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leg]:
    """What the engine runs on, chosen by ``--leg``."""
    with started(request.config.getoption("--leg"), tmp_path_factory.mktemp("leg")) as leg:
        yield leg


@pytest.fixture
def lake(tmp_path: Path, leg: Leg) -> Iterator[Lake]:
    """A lake in a folder whose name has what folders' names have."""
    lake = Lake(tmp_path / "Grüße [1] & it's 100%", leg=leg)
    yield lake
    lake.close()
