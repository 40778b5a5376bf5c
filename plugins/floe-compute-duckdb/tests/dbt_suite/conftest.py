"""dbt's own adapter suite (dbt-tests-adapter), over a lake: each class has a platform of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.floe.impl import FloeAdapter
from dbt.tests import util
from dbt.tests.adapter.basic import test_snapshot_check_cols, test_snapshot_timestamp
from dbt.tests.adapter.simple_snapshot import test_various_configs
from dbt.tests.fixtures import project as suite_project
from dbt.tests.fixtures.project import (  # the fixtures of the suite, found here by name
    TestProjInfo,
    adapter,
    analyses,
    clean_up_logging,
    dbt_profile_data,
    dbt_project_yml,
    dependencies,
    dependencies_yml,
    environment,
    functions,
    initialization,
    macros,
    models,
    packages,
    packages_yml,
    prefix,
    profiles_config_update,
    profiles_root,
    profiles_yml,
    project,
    project_config_update,
    project_files,
    project_setup,
    properties,
    seeds,
    selectors,
    selectors_yml,
    shared_data_dir,
    snapshots,
    test_config,
    test_data_dir,
    tests,
)

from floe_dbt.invocation import forget_events
from testing.adapter_suite import PRODUCT, SuiteLake, runner_over

__all__ = [
    "adapter",
    "analyses",
    "clean_up_logging",
    "dbt_profile_data",
    "dbt_project_yml",
    "dependencies",
    "dependencies_yml",
    "environment",
    "functions",
    "initialization",
    "macros",
    "models",
    "packages",
    "packages_yml",
    "prefix",
    "profiles_config_update",
    "profiles_root",
    "profiles_yml",
    "project",
    "project_config_update",
    "project_files",
    "project_setup",
    "properties",
    "seeds",
    "selectors",
    "selectors_yml",
    "shared_data_dir",
    "snapshots",
    "test_config",
    "test_data_dir",
    "tests",
]

_HERE = Path(__file__).parent
_OF_THE_SUITE = (  # it is written for an older pytest, and leaves its log open
    "pytest.PytestRemovedIn10Warning",
    "pytest.PytestUnraisableExceptionWarning",
    "ResourceWarning",
)


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.path.is_relative_to(_HERE):
        for warning in _OF_THE_SUITE:
            item.add_marker(pytest.mark.filterwarnings(f"ignore::{warning}"))


@pytest.fixture(scope="class")
def unique_schema() -> str:
    """The product's schema: every class has a catalog of its own."""
    return PRODUCT


@pytest.fixture(scope="class")
def project_root(tmpdir_factory: pytest.TempdirFactory, suite_lake: SuiteLake) -> Any:
    return tmpdir_factory.mktemp("project")


@pytest.fixture(scope="class")
def logs_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    logs = str(tmp_path_factory.mktemp("logs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBT_LOG_PATH", logs)
        yield logs
    forget_events()


@pytest.fixture(scope="class")
def dbt_profile_target() -> dict[str, Any]:
    return {"type": "floe", "threads": 4, "product": PRODUCT}


@pytest.fixture(scope="class")
def profile_user() -> None:
    """Nobody owns a table of an embedded catalog."""


@pytest.fixture(autouse=True, scope="class")
def suite_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteLake]:
    """The lake of a class; the suite sets its tables up as it does anywhere: with SQL, outside dbt."""
    lake = SuiteLake(tmp_path_factory.mktemp("lake"))

    def run_sql(adapter: Any, sql: str, fetch: str | None = None) -> Any:
        credentials = adapter.config.credentials
        text = sql.format(schema=credentials.schema, database=f'"{credentials.database}"')
        return lake.execute(text, fetch, credentials.schema) if text.strip() else None

    def run_sql_in_order(adapter: Any, sql: str, fetch: str) -> Any:
        """The suite counts on the order that rows were inserted in: the newer ones of an id later."""
        version = "row_number() over (partition by id order by test_valid_from)"
        return run_sql(adapter, f"{sql} order by {version}, id", fetch)

    def update_rows(adapter: FloeAdapter, config: dict[str, Any]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FloeAdapter, "execute", lambda _, sql, **more: run_sql(adapter, sql))
            util.update_rows(adapter, config)

    with pytest.MonkeyPatch.context() as patch:
        for module in (test_snapshot_check_cols, test_snapshot_timestamp):
            patch.setattr(module, "update_rows", update_rows)
        patch.setattr(util, "run_sql_with_adapter", run_sql)
        patch.setattr(test_various_configs, "run_sql_with_adapter", run_sql_in_order)
        patch.setattr(suite_project, "run_sql_with_adapter", run_sql)
        patch.setattr(TestProjInfo, "drop_test_schema", lambda project: None)
        patch.setattr(FloeAdapter, "drop_schema", lambda adapter, relation: lake.drop_schema(relation.schema))
        patch.setattr(util, "dbtRunner", runner_over(lake))
        yield lake
    lake.close()
