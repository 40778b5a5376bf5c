"""Where a row of the demo comes from, and what is said when a link of that chain does not hold."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.demo import Demo, FinishedRun, floe

pytestmark = pytest.mark.xdist_group("demo")

TABLE = "customer-360.mart_customer_360"
MODEL = "model.customer_360.mart_customer_360"


@pytest.fixture
def copied(customer_360_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """The demo after its run, to be changed."""
    folder = Path(shutil.copytree(customer_360_run.demo.folder, tmp_path / "demo"))
    monkeypatch.chdir(folder)
    return Demo(folder)


def _states(document: dict[str, Any]) -> dict[str, str]:
    return {each["link"]: each["state"] for each in document["chain"]}


@pytest.mark.requirement("FR-041", "FR-042")
def test_every_link_from_rows_to_policy_is_verified(
    customer_360_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(customer_360_run.demo.folder)
    run = customer_360_run.document
    model = next(each for each in run["models"] if each["name"] == "mart_customer_360")

    said = floe("why", "customer_360.mart_customer_360")

    chain = said.pop("chain")
    assert said == {
        "schema_version": "1",
        "table": TABLE,
        "snapshot_id": model["snapshot_id"],
        "run_id": run["run_id"],
        "trace_id": run["trace_id"],
        "artifact_digest": run["artifact_digest"],
        "git_commit": None,
        "model": MODEL,
    }
    compiled = next(each["value"] for each in chain if each["link"] == "compile")
    assert [(each["link"], each["value"], each["verified"]) for each in chain] == [
        ("snapshot", model["snapshot_id"], True),
        ("run", run["run_id"], True),
        ("model", MODEL, True),
        ("artifact", run["artifact_digest"], True),
        ("commit", None, True),
        ("trace", run["trace_id"], True),
        ("compile", compiled, True),
        ("policy", "passed", True),
    ]
    assert len(compiled) == 32
    assert compiled != run["trace_id"]
    assert floe("why", f"{TABLE}@{model['snapshot_id']}")["chain"] == chain


def _in(name: str, *statements: str) -> Callable[[Path], None]:
    def spoil(state_dir: Path) -> None:
        with closing(sqlite3.connect(state_dir / name)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return spoil


def _another_artifact(state_dir: Path) -> None:
    for kept in (state_dir / "artifacts").glob("*.json"):
        kept.write_text(kept.read_text().replace('"passed": true', '"passed": false'))


def _no_artifact(state_dir: Path) -> None:
    shutil.rmtree(state_dir / "artifacts")


_LEDGER, _TOLD = "ledger.db", "telemetry/telemetry.db"
_NOT_THERE = {"model": "unknown", "artifact": "broken", "policy": "unknown"}


@pytest.mark.requirement("FR-042")
@pytest.mark.parametrize(
    ("spoil", "status", "states"),
    [
        (_another_artifact, 1, _NOT_THERE),
        (_no_artifact, 1, _NOT_THERE),
        (_in(_LEDGER, "update writes set snapshot_id = 1"), 1, {"run": "broken"}),
        (_in(_LEDGER, "update models set snapshot_id = 1"), 1, {"model": "broken"}),
        (_in(_LEDGER, "update models set rows = 1"), 1, {"snapshot": "broken"}),
        (_in(_LEDGER, "update runs set published = 0"), 1, {"run": "broken"}),
        (_in(_LEDGER, "update runs set git_commit = 'abc'"), 1, {"commit": "broken"}),
        (_in(_LEDGER, "update runs set trace_id = 'abc'"), 1, {"trace": "broken"}),
        (_in(_LEDGER, "update runs set artifact_digest = 'abc'"), 1, {"artifact": "broken"}),
        (
            _in(_LEDGER, "delete from runs"),
            1,
            {
                "run": "broken",
                "model": "broken",
                "commit": "unknown",
                "trace": "unknown",
                "compile": "unknown",
            },
        ),
        (_in(_TOLD, "delete from spans"), 0, {"trace": "unknown", "compile": "unknown"}),
        (_in(_TOLD, "delete from spans where name = 'compile'"), 0, {"compile": "unknown"}),
        (
            _in(_TOLD, "update spans set attributes = '{}' where name = 'compile'"),
            1,
            {"compile": "broken"},
        ),
        (_in(_TOLD, "update spans set trace_id = 'abc' where name = 'run'"), 1, {"trace": "broken"}),
    ],
)
def test_a_link_that_does_not_hold_is_shown_as_broken(
    copied: Demo, spoil: Callable[[Path], None], status: int, states: dict[str, str]
) -> None:
    spoil(copied.folder / ".floe")

    found = _states(floe("why", TABLE, status=status))

    whole = ("snapshot", "run", "model", "artifact", "commit", "trace", "compile", "policy")
    assert found == dict.fromkeys(whole, "verified") | states


@pytest.mark.requirement("FR-040", "FR-042")
def test_a_trace_shows_each_model_with_its_parts(
    customer_360_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(customer_360_run.demo.folder)
    run = customer_360_run.document

    said = floe("trace", run["run_id"][:8])

    spans = {each["span_id"]: each for each in said["spans"]}
    [root] = [each for each in said["spans"] if each["name"] == "run"]
    models = {each["label"]: each for each in said["spans"] if each["name"] == "model"}
    assert (said["run_id"], said["trace_id"], said["state"]) == (run["run_id"], run["trace_id"], "succeeded")
    assert set(models) == {each["name"] for each in run["models"]}
    assert {each["parent_id"] for each in models.values()} == {root["span_id"]}
    parts = {(spans[each["parent_id"]]["label"], each["name"]) for each in said["spans"] if each != root}
    assert {(model, part) for model in models for part in ("execute", "write", "commit")} <= parts
    assert ("run", "publish") in parts
    names = [each["name"] for each in said["critical_path"]]
    assert names[-1] == "publish"
    assert "mart_customer_360" in names
    assert sum(each["seconds"] for each in said["critical_path"]) <= said["seconds"]
    assert [each["earlier_runs"] for each in said["slowest"]] == [0, 0, 0]


@pytest.mark.requirement("FR-041", "FR-094")
def test_lineage_follows_a_column_up_to_the_seeds_and_down_to_the_mart(
    customer_360_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(customer_360_run.demo.product("customer-360"))

    up = floe("lineage", "mart_customer_360", "--column", "favourite_category")
    down = floe("lineage", "raw_transactions", "--column", "unit_price", "--down")

    direct = {
        (f"{each['from']['table']}.{each['from']['column']}", f"{each['to']['table']}.{each['to']['column']}")
        for each in up["edges"]
        if each["transformation"] in ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
    }
    assert {
        ("customer-360.raw_transactions.category", "customer-360.stg_transactions.category"),
        ("customer-360.stg_transactions.category", "customer-360.int_customer_orders.favourite_category"),
        (
            "customer-360.int_customer_orders.favourite_category",
            "customer-360.mart_customer_360.favourite_category",
        ),
    } <= direct
    assert {each["to"]["column"] for each in down["edges"] if each["to"]["table"] == TABLE} >= {
        "gross_revenue_eur",
        "net_revenue_eur",
        "average_order_value_eur",
        "customer_segment",
    }
