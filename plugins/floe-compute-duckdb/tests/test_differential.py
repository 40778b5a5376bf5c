"""Chains of models hold the same rows through floe as through stock dbt-duckdb, of the types of the table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from floe_compute_duckdb.empty_database import type_name
from testing.chains import Chain, chains
from testing.dbt_project import PRODUCT, DbtProject
from testing.lake import Lake
from testing.stock_dbt import StockDbt

# an example takes seconds: one that fails is told as it is, not made smaller
_SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.reuse, Phase.generate])


def compare(chains: Sequence[Chain], saved_parse: Path) -> None:
    """Build delivery after delivery both ways, until a model fails: it must fail both ways."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake", PRODUCT)
        project = DbtProject(Path(folder) / "project", lake, saved_parse=saved_parse)
        stock = StockDbt(project, Path(folder) / "stock")
        try:
            for delivery in range(len(chains[0].deliveries)):
                for chain in chains:
                    project.models(**dict(chain.files(delivery)))
                    note("\n".join(f"{delivery} {name}: {sql}" for name, sql in chain.files(delivery)))
                ended, built = stock.build(), project.build()
                states = {name: str(event.state) for name, event in built.models.items()}
                note(f"floe: {built.errors}, stock: {stock.errors}")
                beyond = {name for name, told in stock.errors.items() if _OF_DUCKDB in told}
                wanted = {name: _STATES[status] for name, status in ended.items()}
                assert states == wanted | dict.fromkeys(beyond, "succeeded")
                if stock.errors:
                    return
                for table in (table for chain in chains for table in chain.tables):
                    types = {name: type_name(kind) for name, kind in stock.types(table).items()}
                    assert (table, _types(project, table)) == (table, types)
                    casts = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in types.items())
                    assert (table, sorted(map(repr, _rows(project, table)))) == (
                        table,
                        sorted(map(repr, stock.ask(f"select {casts} from {stock.schema}.{table}"))),
                    )
        finally:
            lake.close()


# it cannot change the type of a column and the rows of its table in one transaction
_OF_DUCKDB = "Attempting to modify table"
_STATES = {"success": "succeeded", "error": "failed", "skipped": "skipped"}


def _types(project: DbtProject, table: str) -> dict[str, str]:
    return dict(project.lake.manager.columns(project.lake.id(table)))


def _rows(project: DbtProject, table: str) -> list[tuple[object, ...]]:
    return project.lake.rows(table)


@pytest.mark.requirement("FR-022", "FR-025", "TQR-002")
@settings(_SLOW, max_examples=2, derandomize=True)
@given(st.tuples(*(chains(number, 2) for number in range(4))))
def test_a_few_chains_hold_what_stock_dbt_makes_of_them(saved_parse: Path, made: tuple[Chain, ...]) -> None:
    compare(made, saved_parse)


@pytest.mark.slow
@pytest.mark.requirement("FR-022", "FR-025", "TQR-002")
@settings(_SLOW, max_examples=25)
@given(st.tuples(*(chains(number, 3) for number in range(3))))
def test_many_chains_hold_what_stock_dbt_makes_of_them(saved_parse: Path, made: tuple[Chain, ...]) -> None:
    compare(made, saved_parse)
