"""State that was lost, overwritten or left behind: told in a sentence, never taken for an empty lake."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from floe_core.ledger import Ledger
from testing.command_line import Floe, Ran

NO_DATABASE = b"this is no database " * 500


@pytest.fixture
def damaged(ran: Ran, tmp_path: Path, floe: Floe, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the product that ran, which takes itself for the original, to be damaged."""
    folder = tmp_path / "shop"
    shutil.copytree(ran.folder, folder)
    (folder / ".floe/location").write_text(f"{(folder / '.floe').resolve()}\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize("command", ["status", "query 1", "run"])
def test_an_overwritten_catalog_is_named(floe: Floe, damaged: Path, command: str) -> None:
    (damaged / ".floe/catalog.db").write_bytes(NO_DATABASE)
    result = floe(*command.split())
    assert (result.status, result.stderr.splitlines()[-2:]) == (
        1,
        [
            "FLOE-E607 the catalog '.floe/catalog.db' is damaged: it is no SQLite database",
            "  hint: put it back from a backup, or start anew: rm -r .floe",
        ],
    )


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize("empty", [True, False])
def test_a_lost_catalog_is_no_empty_lake(floe: Floe, damaged: Path, empty: bool) -> None:
    catalog = damaged / ".floe/catalog.db"
    catalog.write_bytes(b"") if empty else catalog.unlink()
    result = floe("status")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == (
        "FLOE-E607 the catalog '.floe/catalog.db' is gone, and with it the way to the tables beside it"
    )


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize("command", ["status", "runs", "run"])
def test_an_overwritten_ledger_is_named_and_what_is_lost_with_it(
    floe: Floe, damaged: Path, command: str
) -> None:
    (damaged / ".floe/ledger.db").write_bytes(NO_DATABASE)
    result = floe(command)
    assert (result.status, result.stderr.splitlines()[-2:]) == (
        1,
        [
            "FLOE-E003 '.floe/ledger.db' is damaged: it is no SQLite database",
            "  hint: the tables are fine, only the history of runs is lost: rm -r .floe/ledger.db",
        ],
    )


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-066")
def test_a_product_whose_target_was_deleted_is_not_said_to_have_no_tables(floe: Floe, damaged: Path) -> None:
    shutil.rmtree(damaged / "target")
    [run] = Ledger(damaged / ".floe").runs()
    assert floe("status").stdout == (
        "corner-shop: not compiled yet, floe run does both\n"
        "  its tables are shown once it is compiled: floe compile\n"
    )
    for command in (["query", "select 1"], ["why", "stg_sales"], ["lineage"]):
        result = floe(*command)
        assert (result.status, result.stderr) == (
            2,
            "FLOE-E012 not compiled any more\n  hint: floe compile\n",
        )
    assert run.published is True


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-042", "FR-066")
@pytest.mark.parametrize("gone", [True, False])
def test_without_its_spans_the_rest_of_where_rows_come_from_is_told(
    floe: Floe, damaged: Path, gone: bool
) -> None:
    digest = Ledger(damaged / ".floe").runs()[0].artifact_digest
    compiled = (damaged / f".floe/artifacts/{digest}.trace").read_text().split("-")[1]
    store = damaged / ".floe/telemetry"
    shutil.rmtree(store) if gone else (store / "telemetry.db").write_bytes(NO_DATABASE)
    said = floe("why", "stg_sales", "--output", "json")
    links = {each["link"]: (each["state"], each["value"], each["note"]) for each in said.document["chain"]}
    assert (said.status, {link for link, (state, *_) in links.items() if state == "broken"}) == (0, set())
    assert links["run"][0] == links["artifact"][0] == "verified"
    assert links["trace"][::2] == ("unknown", "no span of it is kept here")
    assert links["compile"] == ("unknown", compiled, "no span of it is kept here")


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-020", "FR-093")
def test_status_says_which_tables_nothing_writes_any_more(floe: Floe, damaged: Path) -> None:
    (damaged / "models/marts/mart_total.sql").unlink()
    schema = damaged / "models/schema.yml"
    if schema.exists():
        schema.unlink()
    assert floe("compile").status == 0
    assert floe("status").stdout.splitlines()[-1] == (
        "  no model or seed writes mart_total any more: what was published stays"
    )
    [product] = floe("status", "--output", "json").document["products"]
    assert {table["name"]: table["in_project"] for table in product["tables"]} == {
        "mart_total": False,
        "raw_sales": True,
        "stg_sales": True,
    }

    spec = damaged / "floe.yaml"
    spec.write_text(spec.read_text().replace("corner-shop", "corner-store"))
    assert floe("compile").status == 0
    lines = floe("status").stdout.splitlines()
    assert lines[0] == "corner-store: compiled, not run yet"
    assert lines[-1] == "of products that are not here: 3 tables of 'corner-shop'"


@pytest.mark.requirement("FR-066")
def test_a_place_that_cannot_be_written_is_no_fault_of_the_dbt_project(floe: Floe, shop: Path) -> None:
    (shop / "target/floe").mkdir(parents=True)
    (shop / "target/floe/logs").write_text("a file, where dbt wants a folder")
    result = floe("compile")
    assert result.status == 1
    assert result.stderr.splitlines()[-1] == "FLOE-E003 cannot use 'target/floe/logs': file exists"
