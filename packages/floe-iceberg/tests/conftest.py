"""The lake every test here works on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """A lake in a folder whose name has what folders' names have."""
    lake = Lake(tmp_path / "Grüße [1] & it's 100%")
    yield lake
    lake.close()
