"""The definitions a compiled product gives Dagster."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import dagster as dg
import pytest
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from floe_core.run_lock import run_lock
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.definitions import load_definitions
from floe_orchestrator_dagster.instance import open_instance
from floe_orchestrator_dagster.schedules import schedules
from testing.shop import Shop

BRONZE, STAGING, MART = (
    dg.AssetKey(["corner-shop", name]) for name in ("raw_sales", "stg_sales", "mart_total")
)


@pytest.fixture
def definitions(shop: Shop) -> dg.Definitions:
    location, _ = shop.compile()
    return load_definitions(str(location.generated_dir / "definitions.py"), manifest=None)


@pytest.mark.requirement("FR-014")
def test_the_generated_definitions_are_two_statements(shop: Shop) -> None:
    location, _ = shop.compile()

    assert (location.generated_dir / "definitions.py").read_text() == (
        "from floe_orchestrator_dagster.definitions import load_definitions\n\n"
        "defs = load_definitions(__file__, manifest=None)\n"
    )


@pytest.mark.requirement("FR-014", "FR-020", "FR-024")
def test_a_product_is_one_job_over_its_seeds_and_models_with_tests_as_checks(
    shop: Shop, definitions: dg.Definitions
) -> None:
    graph = definitions.get_repository_def().asset_graph

    assert definitions.resolve_job_def("corner_shop").name == "corner_shop"
    assert graph.get_all_asset_keys() == {BRONZE, STAGING, MART}
    assert {key: graph.get(key).parent_keys for key in (BRONZE, STAGING, MART)} == {
        BRONZE: set(),
        STAGING: {BRONZE},
        MART: {STAGING},
    }
    assert [graph.get(key).group_name for key in (BRONZE, STAGING, MART)] == ["bronze", "bronze", "gold"]
    assert graph.get(STAGING).description == "what was sold"
    assert graph.get(STAGING).kinds == {"dbt", "iceberg", "duckdb"}
    assert graph.get(STAGING).owners == ["team:till"]
    assert {key: value for key, value in graph.get(STAGING).tags.items() if "kind" not in key} == {
        "daily_at_3_am": ""
    }
    [link] = graph.get(STAGING).metadata["dagster/code_references"].code_references
    assert link.file_path == str(shop.home / "models/staging/stg_sales.sql")
    assert {(key.asset_key, key.name, graph.get(key).blocking) for key in graph.asset_check_keys} == {
        (STAGING, "not_null_stg_sales_id", True),
        (STAGING, "unique_stg_sales_id", True),
        (MART, "not_null_mart_total_total", False),
    }


@pytest.mark.requirement("FR-014")
def test_an_asset_shows_the_columns_the_compiler_proved(definitions: dg.Definitions) -> None:
    schema = definitions.get_repository_def().asset_graph.get(STAGING).metadata["dagster/column_schema"]

    assert [(column.name, column.type) for column in schema.columns] == [
        ("id", "INTEGER"),
        ("amount", "INTEGER"),
    ]


@pytest.mark.requirement("FR-014")
def test_what_dagster_refuses_as_a_name_is_named_otherwise(shop: Shop) -> None:
    shop.write("floe.yaml", "metadata: {name: import, owner: till@corner.technology}\n")
    sql = "{{ config(tags=['', 'zu groß'], meta={'layer': 'größe'}) }} select 1 as total"
    shop.write("models/marts/mart_total.sql", sql)
    shop.write("models/marts/größe.sql", "{{ config(alias='Größe 1') }} select 1 as id")
    shop.write("models/marts/after.sql", "select * from {{ ref('größe') }}")
    location, _ = shop.compile()

    made = load_definitions(str(location.generated_dir / "definitions.py"), manifest=None)
    graph = made.get_repository_def().asset_graph
    total, after = (graph.get(dg.AssetKey(["import", name])) for name in ("mart_total", "after"))
    assert made.resolve_job_def("import_job").name == "import_job"
    assert (total.owners, total.group_name) == (["team:till@corner.technology"], "gr__e")
    assert {key for key in total.tags if "kind" not in key} == {"zu_gro_"}
    assert after.parent_keys == {dg.AssetKey(["import", "Gr__e_1_385232"])}
    assert graph.get(*after.parent_keys).metadata["dagster/table_name"] == "Größe 1"


@pytest.mark.requirement("FR-030")
@pytest.mark.parametrize(
    ("said", "cron", "timezone"),
    [
        ({"every": "10m"}, "*/10 * * * *", "UTC"),
        ({"every": "1h"}, "0 */1 * * *", "UTC"),
        ({"every": "6h"}, "0 */6 * * *", "UTC"),
        ({"every": "1d"}, "0 0 * * *", "UTC"),
        ({"every": "7m"}, "* * * * *", "UTC"),
        ({"cron": "0 6 * * *", "timezone": "Europe/Berlin"}, "0 6 * * *", "Europe/Berlin"),
    ],
)
def test_a_schedule_is_a_cron_expression(shop: Shop, said: dict[str, str], cron: str, timezone: str) -> None:
    location, artifacts = shop.compile()
    [schedule] = schedules(location, _scheduled(artifacts, said), _job())

    assert (schedule.cron_schedule, schedule.execution_timezone) == (cron, timezone)


@pytest.mark.requirement("FR-030")
def test_an_interval_no_cron_expression_can_say_is_still_even(shop: Shop) -> None:
    location, artifacts = shop.compile()
    [schedule] = schedules(location, _scheduled(artifacts, {"every": "7m"}), _job())

    def runs_at(minute: int) -> bool:
        moment = datetime.fromtimestamp(1_800_000_000 // 60 * 60 + minute * 60, tz=UTC)
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=moment)
        return bool(schedule.evaluate_tick(context).run_requests)

    with open_instance(shop.state_dir) as instance:
        due = [minute for minute in range(22) if runs_at(minute)]
    assert [later - earlier for earlier, later in pairwise(due)] == [7, 7]


@pytest.mark.requirement("FR-030")
def test_a_tick_while_a_run_is_going_is_skipped_and_says_which(shop: Shop) -> None:
    location, artifacts = shop.compile()
    [schedule] = schedules(location, artifacts, _job())
    going = RunIdentity("22222222-bbbb", 1, "corner-shop", "dev", artifacts.digest, "t")

    with open_instance(shop.state_dir) as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=datetime(2026, 1, 1, tzinfo=UTC)
        )
        free = schedule.evaluate_tick(context)
        with run_lock(location.state_dir, going.run_id):
            Ledger(location.state_dir).begin(going, engine_run_id=None)
            busy = schedule.evaluate_tick(context)

    assert [dict(request.tags)["floe/unattended"] for request in free.run_requests or ()] == ["corner-shop"]
    assert not busy.run_requests
    assert (busy.skip_message or "").startswith(
        "product 'corner-shop' is already running: run '22222222-bbbb'"
    )


def _scheduled(artifacts: CompiledArtifacts, said: dict[str, str]) -> CompiledArtifacts:
    return artifacts.model_copy(update={"dagster": artifacts.dagster.model_copy(update={"schedule": said})})


def _job() -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job("corner_shop")
