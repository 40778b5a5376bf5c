"""dbt called by hand with the generated profile: each model is a run of its own, published at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg

from floe_core.errors import ConflictError
from floe_core.lake import RunIdentity
from floe_core.maintenance import maintain
from floe_core.platform import Platform
from floe_iceberg import IcebergTableManager, RunTransaction, TableId
from testing.shop import Shop, open_shop

PLACES = ("--profiles-dir", "target/floe", "--project-dir", ".")
RUNNING = RunIdentity("00000000-0000-4000-8000-000000000001", 1, "corner-shop", "dev", "d1ce57", "7ace")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A compiled product that was never run; dbt is called in its folder."""
    shop = open_shop(tmp_path / "shop")
    shop.compile()
    monkeypatch.chdir(shop.home)
    return shop


def dbt(*arguments: str, told: list[Callable[[EventMsg], None]] | None = None) -> dbtRunnerResult:
    runner = dbtRunner(callbacks=told or [])
    return runner.invoke([arguments[0], *PLACES, "--quiet", "--log-level-file", "none", *arguments[1:]])


def states(done: dbtRunnerResult) -> dict[str, str]:
    assert done.exception is None, done.exception
    return {r.node.name: str(r.status) for r in cast(RunExecutionResult, done.result).results}


def run_ids(shop: Shop) -> dict[str, str]:
    """Which run wrote what is published of each table."""
    lake = opened(shop)
    loaded = {table.name: lake.catalog.load(TableId(table.namespace, table.name)) for table in lake.tables()}
    heads = {name: table.current_snapshot() for name, table in loaded.items() if table}
    return {name: str(head.summary["floe.run-id"]) for name, head in heads.items() if head and head.summary}


def opened(shop: Shop) -> IcebergTableManager:
    location, artifacts = shop.compile()
    platform = Platform(artifacts.plugins)
    lake = platform.catalog.open(platform.storage, location.state_dir)
    assert isinstance(lake, IcebergTableManager)
    return lake


@pytest.mark.requirement("FR-031", "FR-032")
def test_maintenance_keeps_off_while_dbt_is_called_by_hand(shop: Shop) -> None:
    location, artifacts = shop.compile()
    refused: list[str] = []

    def maintain_meanwhile(event: EventMsg) -> None:
        if event.info.name == "NodeFinished":
            try:
                maintain(location, artifacts)
            except ConflictError as error:
                refused.append(error.problems[0].code)

    done = states(dbt("build", "--select", "raw_sales", told=[maintain_meanwhile]))

    assert (done, refused) == ({"raw_sales": "success"}, ["FLOE-E516"])


@pytest.mark.requirement("FR-020", "FR-022", "FR-024")
def test_each_model_is_published_at_once_by_a_run_of_its_own(shop: Shop) -> None:
    shop.write("models/marts/broken.sql", "select total::varchar || 'x' as n from {{ ref('mart_total') }}\n")
    shop.write("models/marts/fails.sql", "select n::integer as n from {{ ref('broken') }}\n")
    shop.compile()

    done = states(dbt("build"))

    assert {name: done[name] for name in ("raw_sales", "stg_sales", "mart_total", "broken", "fails")} == {
        "raw_sales": "success",
        "stg_sales": "success",
        "mart_total": "success",
        "broken": "success",
        "fails": "error",
    }
    assert {name: rows for name, (_, rows) in shop.published().items()} == {
        "raw_sales": [{"id": 1, "amount": 10}, {"id": 2, "amount": 20}, {"id": 3, "amount": 30}],
        "stg_sales": [{"id": 1, "amount": 10}, {"id": 2, "amount": 20}, {"id": 3, "amount": 30}],
        "mart_total": [{"total": 60}],
        "broken": [{"n": "60x"}],
    }
    assert len(set(run_ids(shop).values())) == 4


@pytest.mark.requirement("FR-020", "FR-025")
def test_single_commands_go_on_from_what_is_published(shop: Shop) -> None:
    shop.run()
    before = run_ids(shop)
    shop.write("seeds/raw_sales.csv", "id,amount\n2,25\n4,40\n")
    shop.write(
        "models/staging/stg_sales.sql",
        "{{ config(materialized='incremental', unique_key='id',"
        " pre_hook=\"{{ floe.delete_where(this, 'id = 1') if is_incremental() }}\","
        " post_hook=\"{{ floe.delete_where(this, 'id = 4') }}\") }}\n"
        "select id, amount::integer as amount from {{ ref('raw_sales') }}\n",
    )
    shop.compile()

    assert states(dbt("seed")) == {"raw_sales": "success"}
    assert states(dbt("run", "-s", "stg_sales")) == {"stg_sales": "success"}
    tests = states(dbt("test"))
    shown = cast(RunExecutionResult, dbt("show", "--inline", "from {{ ref('stg_sales') }}").result).results[0]
    deleted = dbt(
        "run-operation", "floe.delete_where", "--args", "{relation: stg_sales, predicate: amount > 25}"
    )

    assert set(tests.values()) == {"pass"}
    assert sorted(tuple(row) for row in cast(Any, shown.agate_table).rows) == [(2, 25), (3, 30)]
    assert deleted.success is True
    after = run_ids(shop)
    assert shop.published()["stg_sales"][1] == [{"id": 2, "amount": 25}]
    assert shop.published()["mart_total"][1] == [{"total": 60}]
    assert {name for name in after if after[name] != before[name]} == {"raw_sales", "stg_sales"}


@pytest.mark.requirement("FR-020", "FR-027")
def test_a_model_whose_hook_fails_publishes_nothing_and_is_not_seen_by_what_follows(shop: Shop) -> None:
    shop.run()
    before = shop.published()
    shop.write(
        "models/staging/stg_sales.sql",
        "{{ config(post_hook=\"select ('rows: ' || count(*))::integer from {{ this }}\") }}\n"
        "select id, 1 as amount from {{ ref('raw_sales') }} union all select null, 1\n",
    )
    shop.compile()

    assert states(dbt("run", "-s", "stg_sales")) == {"stg_sales": "error"}
    assert set(states(dbt("test", "-s", "stg_sales")).values()) == {"pass"}
    assert shop.published() == before


@pytest.mark.requirement("FR-022", "TQR-014")
def test_a_run_whose_table_was_published_by_hand_meanwhile_publishes_nothing(shop: Shop) -> None:
    shop.run()
    lake = opened(shop)
    running = RunTransaction(lake, RUNNING)
    table = TableId("corner-shop", "mart_total")
    with duckdb.connect() as con:
        running.write(con, table, "select 666::bigint as total", model="m", mode="overwrite")

    assert states(dbt("run", "-s", "mart_total")) == {"mart_total": "success"}

    by_hand = run_ids(shop)
    with pytest.raises(ConflictError):
        running.publish()
    assert run_ids(shop) == by_hand
    assert shop.published()["mart_total"][1] == [{"total": 60}]


@pytest.mark.requirement("FR-022", "TQR-014")
def test_a_model_by_hand_fails_when_a_run_publishes_its_table_meanwhile(shop: Shop) -> None:
    shop.run()
    shop.write(
        "models/marts/mart_total.sql",
        "{{ config(post_hook=\"select 'the run publishes now'\") }}"
        "select sum(amount)::bigint as total from {{ ref('stg_sales') }}\n",
    )
    shop.compile()
    lake = opened(shop)
    running = RunTransaction(lake, RUNNING)
    with duckdb.connect() as con:
        running.write(
            con,
            TableId("corner-shop", "mart_total"),
            "select 7::bigint as total",
            model="m",
            mode="overwrite",
        )
    published: list[str] = []

    def publish(message: EventMsg) -> None:
        if message.info.name == "SQLQuery" and "the run publishes now" in message.data.sql and not published:
            published.append(message.data.sql)
            running.publish()

    [result] = cast(RunExecutionResult, dbt("run", "-s", "mart_total", told=[publish]).result).results

    assert (len(published), str(result.status)) == (1, "error")
    assert "mart_total" in str(result.message)
    assert shop.published()["mart_total"][1] == [{"total": 7}]
    assert run_ids(shop)["mart_total"] == RUNNING.run_id


@pytest.mark.requirement("FR-016", "FR-020")
def test_an_artifact_that_does_not_match_its_files_is_refused(shop: Shop) -> None:
    shop.write("models/staging/stg_sales.sql", "select 1 as id, 2 as amount\n")

    done = dbt("build")

    assert "does not match its files: the dbt project changed" in str(done.exception)
    assert "hint: floe compile" in str(done.exception)
    assert not (shop.state_dir / "catalog.db").exists()


@pytest.mark.requirement("FR-020")
def test_the_dbt_program_builds_from_another_folder(shop: Shop, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "dbt"
    places = ("--profiles-dir", "shop/target/floe", "--project-dir", "shop")

    done = subprocess.run(
        [program, "build", "-s", "+stg_sales", *places],
        cwd=tmp_path,
        env={**os.environ, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "OVERWRITE 3" in done.stdout
    assert sorted(shop.published()) == ["raw_sales", "stg_sales"]


GENERATE_SCHEMA_NAME = """
{% macro generate_schema_name(custom, node) -%}
  {{ target.schema }}{{ '_' ~ var('whose') if var('whose', none) }}
{%- endmacro %}
"""


@pytest.mark.requirement("FR-020", "FR-093")
def test_debug_retry_empty_and_defer_work_as_on_any_warehouse(shop: Shop) -> None:
    shop.write("macros/generate_schema_name.sql", GENERATE_SCHEMA_NAME)
    shop.write("models/marts/picky.sql", "select max(amount)::utinyint as top from {{ ref('raw_sales') }}\n")
    shop.compile()
    assert dbt("debug").success
    assert set(states(dbt("build", "-s", "+mart_total")).values()) == {"success", "pass"}
    shutil.copytree(shop.home / "target", shop.home / "before", ignore=shutil.ignore_patterns("floe"))
    shop.write("seeds/raw_sales.csv", "id,amount\n1,10\n2,2000\n")
    shop.compile()
    failed = states(dbt("build", "-s", "raw_sales", "picky"))
    shop.write("models/marts/picky.sql", "select max(amount)::int as top from {{ ref('raw_sales') }}\n")
    shop.compile()

    retried = states(dbt("retry"))
    mine = ("--defer", "--state", "before", "--vars", "{whose: mine}")
    deferred = states(dbt("run", "-s", "mart_total", *mine))
    empty = states(dbt("run", "-s", "stg_sales", "--empty", *mine))

    assert {name: failed[name] for name in ("raw_sales", "picky")} == {
        "raw_sales": "success",
        "picky": "error",
    }
    assert (retried, deferred, empty) == (
        {"picky": "success"},
        {"mart_total": "success"},
        {"stg_sales": "success"},
    )
    lake = opened(shop)
    rows = {
        f"{table.namespace}.{table.name}": lake.describe(TableId(table.namespace, table.name)).rows
        for table in lake.tables()
    }
    assert rows == {
        "corner-shop.mart_total": 1,
        "corner-shop.picky": 1,
        "corner-shop.raw_sales": 2,
        "corner-shop.stg_sales": 3,
        "corner-shop_mine.mart_total": 1,
        "corner-shop_mine.stg_sales": 0,
    }
