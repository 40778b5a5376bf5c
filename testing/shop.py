"""A small product in a folder, compiled and run for real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from pyiceberg.catalog.sql import SqlCatalog

from floe_core.compiler import compile_floe_spec
from floe_core.events import RunEvent
from floe_core.location import Location
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from floe_orchestrator_dagster.instance import open_instance

_FILES = {
    "floe.yaml": "metadata: {name: corner-shop, owner: till}\nschedule: {every: 10m}\n",
    "dbt_project.yml": "name: corner_shop\nversion: '1.0'\nprofile: corner_shop\n",
    "seeds/raw_sales.csv": "id,amount\n1,10\n2,20\n3,30\n",
    "models/staging/stg_sales.sql": "select id, amount::integer as amount from {{ ref('raw_sales') }}\n",
    "models/marts/mart_total.sql": "select sum(amount)::bigint as total from {{ ref('stg_sales') }}\n",
    "models/schema.yml": (
        "models:\n"
        "  - name: stg_sales\n    description: what was sold\n"
        "    config: {tags: [daily at 3 am]}\n"
        "    columns:\n"
        "      - {name: id, data_tests: [unique, not_null]}\n"
        "  - name: mart_total\n    columns:\n"
        "      - name: total\n        data_tests: [{not_null: {config: {severity: warn}}}]\n"
    ),
}


@dataclass
class Shop:
    """The product in its folder; every look at the catalog is plain PyIceberg's."""

    home: Path
    product: str = "corner-shop"
    platform: Path | None = None

    def compile(self) -> tuple[Location, CompiledArtifacts]:
        compilation = compile_floe_spec(self.home)
        return compilation.location, compilation.artifacts

    def run(self, *select: str, observe: Callable[[RunEvent], None] = lambda event: None) -> RunResult:
        location, artifacts = self.compile()
        return DagsterOrchestratorPlugin().run(
            location, artifacts, select=select, full_refresh=False, observe=observe
        )

    def retry(self, run_id: str) -> RunResult:
        location, artifacts = self.compile()
        return DagsterOrchestratorPlugin().retry(location, artifacts, run_id, observe=lambda event: None)

    def write(self, file: str, text: str) -> None:
        path = self.home / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def state_dir(self) -> Path:
        return (self.platform or self.home) / ".floe"

    def published(self) -> dict[str, tuple[int, list[dict[str, Any]]]]:
        """Snapshot id and rows of every table that has any."""
        catalog = SqlCatalog(
            "floe", uri=f"sqlite:///{self.state_dir}/catalog.db", warehouse=f"file://{self.state_dir}"
        )
        found = {}
        for identifier in catalog.list_tables(self.product) if catalog.namespace_exists(self.product) else ():
            table = catalog.load_table(identifier)
            if snapshot := table.current_snapshot():
                found[identifier[-1]] = (snapshot.snapshot_id, table.scan().to_arrow().to_pylist())
        catalog.close()
        return found

    def history(self, table: str) -> list[list[dict[str, Any]]]:
        """The rows of each snapshot a table still has, oldest first."""
        catalog = SqlCatalog("floe", uri=f"sqlite:///{self.state_dir}/catalog.db")
        found = catalog.load_table((self.product, table))
        ordered = sorted(found.snapshots(), key=lambda it: it.timestamp_ms)
        rows = [found.scan(snapshot_id=each.snapshot_id).to_arrow().to_pylist() for each in ordered]
        catalog.close()
        return rows

    def snapshots(self, table: str) -> list[int]:
        """The snapshots a table still has, oldest first."""
        catalog = SqlCatalog("floe", uri=f"sqlite:///{self.state_dir}/catalog.db")
        found = sorted(catalog.load_table((self.product, table)).snapshots(), key=lambda it: it.timestamp_ms)
        catalog.close()
        return [snapshot.snapshot_id for snapshot in found]

    def dagster_runs(self) -> list[dg.DagsterRun]:
        with open_instance(self.state_dir) as instance:
            return list(instance.get_runs())

    def dagster_events(self, run_id: str, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
        with open_instance(self.state_dir) as instance:
            records = instance.all_logs(run_id, of_type=kind)
        return [record.get_dagster_event() for record in records]


_OFFICE_FILES = {
    "floe.yaml": "metadata: {name: head-office}\nschedule: {when: upstream-changed}\n",
    "dbt_project.yml": "name: head_office\nversion: '1.0'\nprofile: head_office\n",
    "models/marts/report.sql": "select total * 2 as doubled from {{ source('till', 'mart_total') }}\n",
    "models/schema.yml": "sources: [{name: till, schema: corner_shop, tables: [{name: mart_total}]}]\n",
}


def open_shop(home: Path, platform: Path | None = None) -> Shop:
    """Write the product's files into ``home``."""
    return written(Shop(home, platform=platform), _FILES)


def open_shop_and_office(platform: Path) -> tuple[Shop, Shop]:
    """Two products of one platform: the office reads what the shop publishes."""
    shop = open_shop(platform / "shop", platform)
    (platform / "manifest.yaml").write_text("metadata: {name: chain}\n", encoding="utf-8")
    return shop, written(Shop(platform / "office", "head-office", platform), _OFFICE_FILES)


def written(shop: Shop, files: Mapping[str, str]) -> Shop:
    """The product, with its files in its folder."""
    for file, text in files.items():
        shop.write(file, text)
    return shop
