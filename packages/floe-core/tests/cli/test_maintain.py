"""``floe maintain``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from floe_core.cli.stores import Store, store_of
from floe_core.errors import WorkError
from floe_core.lake import MaintenancePolicy, TableMaintenance
from floe_core.ledger import Ledger
from floe_core.location import locate
from floe_core.maintenance import maintain
from floe_core.run_lock import run_of_product
from floe_core.telemetry_reader import TelemetryReader, ToldSpan
from testing.command_line import Floe

SALES = "models/staging/stg_sales.sql"
SPEC = "metadata: {name: corner-shop}\nretention: {maxAge: 1h, column: _loaded_at}\n"
AGES = (
    "select id, case id when 1 then timestamp '2001-01-01' when 2 then now()::timestamp end as _loaded_at,"
    " 1.5::decimal(9, 2) as amount from {{ ref('raw_sales') }}\n"
)


def store(folder: Path) -> Store:
    found = store_of(locate(folder))
    assert found is not None
    return found


def at(shop: Store, after: timedelta) -> dict[str, TableMaintenance]:
    """Maintain as if it were ``after`` from now."""
    policy = MaintenancePolicy(keep_last=1)
    reports = maintain(shop.location, shop.artifacts, policy=policy, now=datetime.now(UTC) + after)
    return {report.table: report for report in reports}


def told_of_maintenance(state_dir: Path) -> list[ToldSpan]:
    """The spans of the one maintenance there was, its own first."""
    reader = TelemetryReader(state_dir)
    [line] = [json.loads(each) for each in log_lines(state_dir) if '"floe.maintenance"' in each]
    return sorted(reader.trace(line["trace_id"]), key=lambda span: span.name != "maintenance")


def log_lines(state_dir: Path) -> list[str]:
    return (state_dir / "logs" / "floe.jsonl").read_text().splitlines()


@pytest.mark.requirement("FR-031", "FR-032", "FR-040")
@pytest.mark.xdist_group("cli")
def test_rows_snapshots_and_files_go_as_the_product_says(shop: Path, floe: Floe) -> None:
    (shop / "floe.yaml").write_text(SPEC)
    (shop / SALES).write_text(AGES)
    for _ in range(2):
        assert floe("run").status == 0

    def ids() -> list[object]:
        rows = floe("query", "select id from stg_sales order by id", "--output", "json").document["rows"]
        return [row[0] for row in rows]

    def tables(*options: str) -> dict[str, dict[str, object]]:
        result = floe("maintain", "--output", "json", *options)
        assert result.status == 0, result.stdout
        (product,) = result.document["products"]
        assert (product["name"], product["error"]) == ("corner-shop", None)
        return {table["name"]: table for table in product["tables"]}

    assert ids() == [1, 2, 3]
    assert {name: table["rows_deleted"] for name, table in tables("--dry-run").items()} == {
        "mart_total": 0,
        "raw_sales": 0,
        "stg_sales": 1,
    }
    assert ids() == [1, 2, 3]
    told = floe("maintain", "--dry-run")
    assert told.stdout.splitlines()[0] == "corner-shop: would remove 0 files (0 bytes)"
    assert told.stdout.splitlines()[3].split() == ["stg_sales", "1", "0", "0", "0", "0"]
    assert tables()["stg_sales"]["rows_deleted"] == 1
    assert ids() == [2, 3]  # a NULL tells no age
    came_from = floe("why", "stg_sales", "--output", "json").document
    assert [each["link"] for each in came_from["chain"]] == [
        *("snapshot", "maintenance", "snapshot", "run", "model"),
        *("artifact", "commit", "trace", "compile", "policy"),
    ]
    assert [each for each in came_from["chain"] if not each["verified"]] == []
    whole, *below = told_of_maintenance(shop / ".floe")
    assert whole.attributes["floe.rows_deleted"] == 1
    assert {span.name for span in below} == {"write", "commit"}
    assert {span.parent_id for span in below} == {whole.context.span_id}
    [line] = [json.loads(each) for each in log_lines(shop / ".floe") if "maintenance succeeded" in each]
    assert (line["trace_id"], line["product"]) == (whole.context.trace_id, "corner-shop")

    opened = store(shop)
    seen = at(opened, timedelta(days=2))
    assert seen["stg_sales"].snapshots_expired != ()
    assert seen["stg_sales"].files_waiting > 0
    freed = at(opened, timedelta(days=3))
    assert freed["stg_sales"].files_removed >= seen["stg_sales"].files_waiting
    chain = floe("why", "stg_sales", "--output", "json").document["chain"]
    assert [(each["link"], each["state"]) for each in chain[-2:]] == [
        ("maintenance", "verified"),
        ("snapshot", "unknown"),
    ]
    assert chain[-1]["note"] == "the state before it has expired"
    assert floe("query", "select count(*) from raw_sales").status == 0
    assert floe("run").status == 0
    assert ids() == [1, 2, 3]


@pytest.mark.requirement("FR-032")
@pytest.mark.xdist_group("cli")
def test_a_product_that_is_being_run_is_left_alone_and_said_so(in_ran: Path, floe: Floe) -> None:
    opened = store(in_ran)
    with run_of_product(opened.location.state_dir, "corner-shop", wait_s=0):
        told = floe("maintain")
        document = floe("maintain", "--output", "json")
    assert (told.status, document.status) == (1, 1)
    assert "FLOE-E516 product 'corner-shop' is being run or maintained by another process" in told.stderr
    (product,) = document.document["products"]
    assert product["error"] == "product 'corner-shop' is being run or maintained by another process"
    assert product["tables"] == []


@pytest.mark.requirement("FR-032")
@pytest.mark.xdist_group("cli")
def test_where_nothing_ran_there_is_nothing_to_maintain(shop: Path, floe: Floe) -> None:
    refused = floe("maintain")
    assert (refused.status, refused.stderr) == (
        2,
        "FLOE-E012 nothing has run here yet\n  hint: floe run\n",
    )
    assert not (shop / ".floe").exists()


@pytest.mark.requirement("FR-031", "FR-032")
@pytest.mark.xdist_group("cli")
def test_what_maintenance_did_stands_in_the_ledger_also_when_it_refused(shop: Path, floe: Floe) -> None:
    (shop / "floe.yaml").write_text(SPEC)
    (shop / SALES).write_text(AGES)
    assert floe("run").status == 0
    product = store(shop)
    ledger = Ledger(product.location.state_dir)
    before = len(ledger.maintenance("corner-shop"))
    reports = at(product, timedelta(days=9))
    [done, *_] = ledger.maintenance("corner-shop")
    assert (done.state, done.reason, done.product) == ("succeeded", None, "corner-shop")
    assert {table.table: table for table in done.tables} == reports
    assert reports["stg_sales"].rows_deleted > 0

    with pytest.raises(WorkError, match="the clock says 2001-01-01") as refused:
        maintain(product.location, product.artifacts, now=datetime(2001, 1, 1, tzinfo=UTC))
    assert refused.value.problems[0].code == "FLOE-E541"
    assert floe("maintain", "--dry-run").status == 0  # of this nothing is written down
    [refusal, *earlier] = ledger.maintenance("corner-shop")
    assert (refusal.state, refusal.tables, len(earlier)) == ("failed", (), before + 1)
    said = floe("status", "--output", "json").document["products"][0]["last_maintenance"]
    assert (said["run_id"], said["state"], said["tables"]) == (refusal.run_id, "failed", [])
    assert "maintenance failed, " in floe("status").stdout
