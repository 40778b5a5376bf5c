"""Chains of models hold the same rows through floe as through stock dbt-duckdb, of the types of the table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from floe_compute_duckdb.empty_database import type_name
from testing.chains import STRATEGIES, VALUES, Chain, Delivery, chains
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
                plain = {f"{name}_{chain.number}" for chain in chains for name in chain.plain_merges}
                beyond = {
                    name
                    for name, told in stock.errors.items()
                    if _OF_DUCKDB in told or (_NEW_COLUMN in told and name in plain)
                }
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
# it does not leave out what the table has no column for, as dbt says of 'ignore'
_NEW_COLUMN = "does not have a column with name"
_STATES = {"success": "succeeded", "error": "failed", "skipped": "skipped"}


def _types(project: DbtProject, table: str) -> dict[str, str]:
    return dict(project.lake.manager.columns(project.lake.id(table)))


def _rows(project: DbtProject, table: str) -> list[tuple[object, ...]]:
    return project.lake.rows(table)


# a value of each type that hypothesis draws from
LITERALS = {
    "BOOLEAN": "true",
    "TINYINT": "(-128)",
    "SMALLINT": "300",
    "INTEGER": "70000",
    "BIGINT": "(-9223372036854775808)",
    "UTINYINT": "255",
    "USMALLINT": "65535",
    "UINTEGER": "4294967295",
    "UBIGINT": "18446744073709551615",
    "HUGEINT": "9" * 38,
    "FLOAT": "'0.1'",
    "DOUBLE": "'-1e300'",
    "DECIMAL(5,2)": "'-999.99'",
    "DECIMAL(18,9)": "'123456789.000000001'",
    "DECIMAL(38,3)": "'12345678901234567890123456789012345.678'",
    "VARCHAR": "'ü ''{{ quoted }}'' \U0001f6b2'",
    "JSON": """'{"a": 1}'""",
    "ENUM('a', 'ü', '')": "'ü'",
    "BLOB": "from_hex('00ff')",
    "UUID": "'00000000-0000-4000-8000-000000000001'",
    "DATE": "'1900-02-28'",
    "TIME": "'23:59:59.999999'",
    "TIMESTAMP": "'2099-12-31 23:59:59.999999'",
    "TIMESTAMP_S": "'1969-12-31 23:59:59'",
    "TIMESTAMP_MS": "'2024-02-29 12:00:00.005'",
    "TIMESTAMP WITH TIME ZONE": "'2024-02-29 12:00:00+02'",
    "INTEGER[]": "[1, null]",
    "VARCHAR[][]": "[['ü', null], []]",
    'STRUCT(a TINYINT, "b c" VARCHAR)': "{'a': 1, 'b c': null}",
    "STRUCT(l DECIMAL(5,2)[])": "{'l': ['1.5', null]}",
    "MAP(INTEGER, DATE)": "map {1: '2024-02-29', 2: null}",
}
_COLUMNS = {"id": "INTEGER", "grp": "BIGINT", "amount": "INTEGER"}
_TYPED = _COLUMNS | {f"c{number}": type_ for number, type_ in enumerate(LITERALS)}
_NOTHING = ["null"] * len(LITERALS)
EVERYTHING = Chain(
    0,
    "view",
    {f"inc{n}": f"{how}, on_schema_change='append_new_columns'" for n, how in enumerate(STRATEGIES)},
    [
        Delivery(_TYPED, [["1", "1", "1", *LITERALS.values()], ["2", "1", "null", *_NOTHING]]),
        Delivery(
            _TYPED | {"added": "UBIGINT"},
            [["1", "2", "(-5)", *_NOTHING, "1"], ["null", "null", "3", *LITERALS.values(), "null"]],
        ),
    ],
)


@pytest.mark.requirement("FR-022", "FR-025", "TQR-002")
@settings(_SLOW, phases=[Phase.explicit])
@example((EVERYTHING,))
@given(st.tuples(chains(0, 2)))
def test_every_type_and_strategy_gives_what_stock_dbt_makes_of_it(
    saved_parse: Path, made: tuple[Chain, ...]
) -> None:
    assert set(LITERALS) == set(VALUES)
    compare(made, saved_parse)


@pytest.mark.slow
@pytest.mark.requirement("FR-022", "FR-025", "TQR-002")
@settings(_SLOW, max_examples=15)
@given(st.tuples(*(chains(number, 3) for number in range(3))))
def test_many_chains_hold_what_stock_dbt_makes_of_them(saved_parse: Path, made: tuple[Chain, ...]) -> None:
    compare(made, saved_parse)
