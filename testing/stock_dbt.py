"""The same dbt project on stock dbt-duckdb, to compare with."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from testing.dbt_project import DbtProject

# of the same path from elsewhere dbt-duckdb may still hold the file that it opened before
_PROFILE = """
shop:
  target: stock
  outputs: {{stock: {{type: duckdb, path: {file}, schema: {schema}, settings: {{TimeZone: UTC}}}}}}
"""


class StockDbt:
    """A copy of a project's files with a DuckDB file of its own, kept from one build to the next."""

    def __init__(self, project: DbtProject, folder: Path) -> None:
        self._project = project
        self._folder = folder
        self.errors: dict[str, str] = {}  # of the last call, by the node's name

    @property
    def _file(self) -> Path:
        return self._folder / "stock.duckdb"

    @property
    def schema(self) -> str:
        return self._project.product.replace("-", "_")

    def build(self, *arguments: str) -> dict[str, str]:
        """Copy the files as they are now, build them, and tell how each node ended."""
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(self._project.folder, self._folder, ignore=ignored, dirs_exist_ok=True)
        profile = _PROFILE.format(file=json.dumps(str(self._file)), schema=self.schema)
        (self._folder / "profiles.yml").write_text(profile)
        return self.invoke("build", *arguments)

    def invoke(self, *arguments: str) -> dict[str, str]:
        """Call dbt in the folder; how each node ended, by name."""
        before = Path.cwd()
        os.chdir(self._folder)
        try:
            done = dbtRunner().invoke(["--quiet", "--log-level-file", "none", *arguments])
        finally:
            os.chdir(before)
        assert done.exception is None, done.exception
        if not isinstance(done.result, RunExecutionResult):
            return {}
        results = done.result.results
        self.errors = {each.node.name: str(each.message) for each in results if each.status == "error"}
        return {result.node.name: str(result.status) for result in results}

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The table's rows, sorted as those of the lake are."""
        return sorted(self.ask(f"select * from {self.schema}.{table}"), key=repr)

    def types(self, table: str) -> dict[str, str]:
        """The table's columns, with DuckDB's types."""
        return {name: kind for name, kind, *_ in self.ask(f"describe {self.schema}.{table}")}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return ask(self._file, sql)


def ask(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Run one statement in the DuckDB file that plain dbt has built into."""
    with duckdb.connect(file) as connection:
        return connection.execute(sql).fetchall()
