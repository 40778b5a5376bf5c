"""Every test gets a shop of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.shop import Shop, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path / "shop")
