"""The name of the catalog: settable, and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_core.errors import WorkError
from floe_local import LocalCatalog, LocalStorage


def opened_as(name: str, state_dir: Path) -> str:
    lake = LocalCatalog(name=name).open(LocalStorage(), state_dir)
    lake.close()  # type: ignore[attr-defined]  # the one that LocalCatalog opens has it
    return lake.name


@pytest.mark.requirement("FR-022", "FR-066")
@pytest.mark.parametrize(("first", "second"), [("floe", "analytics"), ("analytics", "floe")])
def test_a_catalog_is_what_it_was_called_first(tmp_path: Path, first: str, second: str) -> None:
    assert opened_as(first, tmp_path) == opened_as(first, tmp_path) == first

    with pytest.raises(WorkError) as refused:
        opened_as(second, tmp_path)

    [problem] = refused.value.problems
    assert problem.code == "FLOE-E609"
    assert problem.message.endswith(f"were written under the catalog '{first}', not '{second}'")
