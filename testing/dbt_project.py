"""A small dbt project on tmp_path, driven as a run drives it, over a lake of its own."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from floe_compute_duckdb import DuckDB
from floe_compute_duckdb.names import sql_name
from floe_core.events import ModelFinished, RunEvent, TestFinished
from floe_core.lake import RunIdentity, Written
from floe_core.plugins.dbt import CompiledNode, DbtLocation, ParsedProject
from floe_dbt import DbtCore
from testing.lake import Lake

PRODUCT = "shop-1"
PROJECT_FILE = "name: shop\nversion: '1.0'\nprofile: shop\n"


@dataclass(frozen=True)
class Built:
    """How a build ended: what was told while it went on, and what it wrote."""

    complete: bool
    events: Sequence[RunEvent]
    written: Mapping[str, Written]

    @property
    def models(self) -> dict[str, ModelFinished]:
        return {event.name: event for event in self.events if isinstance(event, ModelFinished)}

    @property
    def tests(self) -> dict[str, TestFinished]:
        return {event.name: event for event in self.events if isinstance(event, TestFinished)}

    @property
    def errors(self) -> dict[str, str | None]:
        """What went wrong with the models, by name."""
        return {name: event.error for name, event in self.models.items() if event.state == "failed"}


@dataclass
class DbtProject:
    """``files`` are paths relative to the project; ``saved_parse`` is one of a project without files."""

    folder: Path
    lake: Lake
    product: str = PRODUCT
    project_file: str = PROJECT_FILE
    config: Mapping[str, Any] = field(default_factory=dict)
    saved_parse: Path | None = None

    def __post_init__(self) -> None:
        self.write("dbt_project.yml", self.project_file)
        output = DuckDB(**self.config).dbt_output(
            catalog_name="floe", product=self.product, schema=sql_name(self.product)
        )
        profiles = {"shop": {"target": "floe", "outputs": {"floe": output}}}
        self.write("target/floe/profiles.yml", yaml.safe_dump(profiles))
        if self.saved_parse is not None and not self.location.target_dir.exists():
            self.location.target_dir.mkdir(parents=True)
            shutil.copy(self.saved_parse, self.location.target_dir / "partial_parse.msgpack")

    @property
    def location(self) -> DbtLocation:
        generated = self.folder / "target" / "floe"
        return DbtLocation(self.folder, generated, generated / "dbt", generated / "logs")

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def models(self, **models: str) -> DbtProject:
        for name, sql in models.items():
            self.write(f"models/{name}.sql", sql)
        return self

    def seeds(self, **seeds: str) -> DbtProject:
        for name, text in seeds.items():
            self.write(f"seeds/{name}.csv", text)
        return self

    def parse(self) -> ParsedProject:
        return DbtCore().parse(self.location)

    def compile(self) -> dict[str, CompiledNode]:
        """By the last part of the unique id, tests by their name."""
        project = self.parse()
        names = {node.unique_id: node.name for node in project.nodes}
        return {names[id_]: node for id_, node in DbtCore().compile(self.location, project).items()}

    def build(self, *select: str, full_refresh: bool = False, publish: bool = True) -> Built:
        """Build in a run of its own, which is published if all went well."""
        identity = RunIdentity(str(uuid.uuid4()), 1, self.product, "dev", "d1ce57", "7ace")
        events: list[RunEvent] = []
        with self.lake.manager.run(identity) as run:
            complete = DbtCore().build(
                self.location, select=select, full_refresh=full_refresh, window=None, observe=events.append
            )
            if complete and publish:
                run.publish()
            return Built(complete, events, dict(run.written))

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The published rows as plain PyIceberg reads them."""
        return self.lake.plain_rows(table)

    def types(self, table: str) -> dict[str, str]:
        """The published columns as plain PyIceberg names their types."""
        return {column.name: str(column.field_type) for column in self.lake.table(table).schema().fields}


MakeProject = Callable[..., DbtProject]


@pytest.fixture(scope="session")
def saved_parse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's own parse of a project without files: parsing dbt's macros costs a second each time."""
    folder = tmp_path_factory.mktemp("saved-parse")
    project = DbtProject(folder / "project", Lake(folder / "lake", PRODUCT))
    project.parse()
    project.lake.close()
    return project.location.target_dir / "partial_parse.msgpack"


@pytest.fixture
def make_project(tmp_path: Path, saved_parse: Path) -> Iterator[MakeProject]:
    """Makes projects on ``tmp_path``, each with a lake of its own unless one is given."""
    lakes: list[Lake] = []

    def make(name: str = "project", lake: Lake | None = None, **more: Any) -> DbtProject:
        if lake is None:
            lake = Lake(tmp_path / f"{name}-lake", more.get("product", PRODUCT))
            lakes.append(lake)
        return DbtProject(tmp_path / name, lake, saved_parse=saved_parse, **more)

    yield make
    for made in lakes:
        made.close()


@pytest.fixture
def project(make_project: MakeProject) -> DbtProject:
    """An empty project over an empty lake."""
    return make_project()
