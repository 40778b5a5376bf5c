"""What the tests of the whole share: a copy of the demo, and one finished run of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "demo"
_MADE = shutil.ignore_patterns("target", "logs", ".floe", "__pycache__")


@pytest.fixture
def demo_copy(tmp_path: Path) -> Path:
    """The demo platform in a folder of the test's own."""
    return Path(shutil.copytree(DEMO, tmp_path / "demo", ignore=_MADE))
