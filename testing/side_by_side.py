"""A dbt project on stock dbt-duckdb, then through floe: ``python -m testing.side_by_side PROJECT``.

Both work on copies of the project in a scratch folder; how every node ended and the rows of every table are
compared. The project's own profile is used if it is one of DuckDB, else the smallest one that is.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from pyiceberg.catalog import load_catalog

from floe_core.lake import branch_of
from floe_core.ledger import Ledger

_DBT = (sys.executable, "-m", "dbt.cli.main")
_FLOE = (sys.executable, "-m", "floe_core.cli")
_STATES = {
    "success": "succeeded",
    "error": "failed",
    "fail": "failed",
    "pass": "passed",
    "warn": "warned",
    "skipped": "skipped",
}
_NOT_STORED = ("ephemeral", "test", "unit")
_LEFT_OUT = shutil.ignore_patterns(".git", "*.duckdb", "*.duckdb.wal", "target", "logs", ".venv")


@dataclass(frozen=True)
class Node:
    """How a node ended; ``relation`` is where its rows are, None where it leaves none."""

    state: str
    relation: str | None


class Stock:
    """The project as dbt-duckdb builds it."""

    def __init__(self, root: Path, project: str, arguments: Sequence[str]) -> None:
        self._folder = root / project
        self._profiles = _own_profiles(root, self._folder) or _least_profiles(root, self._folder)
        self._database = self._path()
        self._database.parent.mkdir(parents=True, exist_ok=True)
        if not self.packages.exists() and (self._folder / "packages.yml").exists():
            _run(root, *_DBT, "deps", *self._places())
        self.said = _run(self._folder, *_DBT, "build", *self._places(), *arguments)

    def nodes(self) -> dict[str, Node]:
        results = json.loads((self._folder / "target" / "run_results.json").read_text())["results"]
        manifest = json.loads((self._folder / "target" / "manifest.json").read_text())
        known = {**manifest["nodes"], **manifest["unit_tests"]}
        return {each["unique_id"]: _node(each, known[each["unique_id"]]) for each in results}

    @property
    def packages(self) -> Path:
        """Where dbt deps has put what the project needs."""
        said = yaml.safe_load((self._folder / "dbt_project.yml").read_text())
        return self._folder / str(said.get("packages-install-path", "dbt_packages"))

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(f"set file_search_path = '{self._folder}'")  # views read files from here
        connection.execute(f"attach '{self._database}' as \"{self._database.stem}\" (read_only)")

    def _places(self) -> tuple[str, ...]:
        return "--profiles-dir", str(self._profiles), "--project-dir", str(self._folder)

    def _path(self) -> Path:
        profiles = yaml.safe_load((self._profiles / "profiles.yml").read_text())
        profile = profiles[_profile_name(self._folder)]
        path = str(profile["outputs"][profile["target"]]["path"])
        return self._folder / (path if "{{" not in path else path.split("'")[3])


class OnFloe:
    """The project as ``floe init`` and ``floe run`` find it."""

    def __init__(self, root: Path, project: str, stock: Stock, arguments: Sequence[str]) -> None:
        self._folder = root / project
        (root / ".git").mkdir(exist_ok=True)  # how far above floe looks for a platform
        if (self._folder / "packages.yml").exists():
            shutil.copytree(
                stock.packages, self._folder / stock.packages.name, symlinks=True, dirs_exist_ok=True
            )
        self.said = _run(self._folder, *_FLOE, "init")
        self.said += _run(self._folder, *_FLOE, "run", *arguments)
        self._run_id = ""
        self._store = json.loads(_run(self._folder, *_FLOE, "status", "--output", "json"))["catalog"]

    def nodes(self) -> dict[str, Node]:
        ledger = json.loads(_run(self._folder, *_FLOE, "runs", "--output", "json"))["runs"]
        if not ledger:
            return {}
        self._run_id = ledger[0]["run_id"]
        return self._of_the_ledger(self._run_id)

    def _of_the_ledger(self, run_id: str) -> dict[str, Node]:
        [result] = Ledger(self._folder / ".floe").find(run_id)
        result = Ledger(self._folder / ".floe").attempt(run_id, result.attempt)
        models = {model.unique_id: Node(model.state, None) for model in result.models}
        return models | {test.unique_id: Node(test.state, None) for test in result.tests}

    def arrow(self, unique_id: str) -> Any:
        """The rows as plain PyIceberg reads them; None where there is no such table."""
        artifact = json.loads((self._folder / "target/floe/compiled_artifacts.json").read_text())
        nodes = {node["unique_id"]: node for node in (*artifact["transforms"], *artifact["seeds"])}
        if unique_id not in nodes:
            return None
        lake = load_catalog(self._store["name"], **self._store["properties"])
        table = (nodes[unique_id]["namespace"], nodes[unique_id]["table"])
        if not lake.table_exists(table):
            return None
        found = lake.load_table(table)
        left = found.snapshot_by_name(branch_of(self._run_id))  # what a run that failed has left
        return found.scan(snapshot_id=left.snapshot_id if left else None).to_arrow()


def compare(stock: Stock, floe: OnFloe) -> Iterator[str]:
    """Every difference, a line each."""
    expected, found = stock.nodes(), floe.nodes()
    for unique_id, node in sorted(expected.items()):
        ended = found.get(unique_id)
        if node.relation is None and unique_id.startswith(("model", "operation", "sql operation")):
            continue
        if ended is None or ended.state != node.state:
            yield f"{unique_id}: {node.state} on dbt-duckdb, {ended.state if ended else 'not there'} on floe"
    with duckdb.connect() as connection:
        stock.attach(connection)
        for unique_id, node in sorted(expected.items()):
            if node.relation and node.state == "succeeded":
                yield from _rows(connection, unique_id, node.relation, floe)


def _rows(
    connection: duckdb.DuckDBPyConnection, unique_id: str, relation: str, floe: OnFloe
) -> Iterator[str]:
    arrow = floe.arrow(unique_id)
    if arrow is None:
        yield f"{unique_id}: no table on floe"
        return
    connection.register("landed", arrow)
    columns = [row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()]
    if sorted(columns) != sorted(arrow.column_names):
        yield f"{unique_id}: columns {columns} on dbt-duckdb, {arrow.column_names} on floe"
        return
    differing = [column for column in columns if _differs(connection, relation, [column])]
    if differing or _differs(connection, relation, columns):
        yield f"{unique_id}: rows differ in {differing or 'their combination'}"


def _differs(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> bool:
    quoted = ", ".join('"' + column.replace('"', '""') + '"::varchar' for column in columns)
    ours, theirs = f"select {quoted} from landed", f"select {quoted} from {relation}"
    counted = f"select count(*) from (({ours} except all {theirs}) union all ({theirs} except all {ours}))"
    return connection.execute(counted).fetchall() != [(0,)]


def _node(result: Mapping[str, Any], known: Mapping[str, Any]) -> Node:
    stored = known["resource_type"] in ("model", "seed", "snapshot")
    stored = stored and known["config"]["materialized"] not in _NOT_STORED
    state = _STATES.get(result["status"], result["status"])
    if state == "failed" and result["status"] == "error" and known["resource_type"] in ("test", "unit_test"):
        state = "errored"
    return Node(state, known["relation_name"] if stored else None)


def _profile_name(folder: Path) -> str:
    name: str = yaml.safe_load((folder / "dbt_project.yml").read_text())["profile"]
    return name


def _own_profiles(root: Path, folder: Path) -> Path | None:
    for place in (folder, root):
        if (place / "profiles.yml").is_file():
            profiles = yaml.safe_load((place / "profiles.yml").read_text())
            profile = profiles.get(_profile_name(folder))
            output = profile["outputs"][profile["target"]] if profile else {}
            if output.get("type") == "duckdb" and not str(output.get("path", "/")).startswith("/"):
                return place
    return None


def _least_profiles(root: Path, folder: Path) -> Path:
    place = root / "least-profiles"
    place.mkdir()
    output = {"type": "duckdb", "path": "stock.duckdb", "threads": 4}
    profiles = {_profile_name(folder): {"target": "stock", "outputs": {"stock": output}}}
    (place / "profiles.yml").write_text(yaml.safe_dump(profiles))
    return place


def _run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return (
        f"$ {' '.join(command[2:])}\n{done.stdout if '--output' not in command else ''}{done.stderr}"
        if ("--output" not in command)
        else done.stdout
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--project", default=".", help="the dbt project's folder in it")
    parser.add_argument("--package", action="append", default=[], type=Path, help="installed as a copy")
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--verbose", action="store_true")
    said = parser.parse_args()
    scratch = said.scratch or Path(tempfile.mkdtemp(prefix="side-by-side-"))
    for name in ("stock", "floe"):
        shutil.copytree(said.repository, scratch / name, ignore=_LEFT_OUT)
        for package in said.package:
            folder = scratch / name / said.project / "dbt_packages" / package.name
            shutil.copytree(package, folder, ignore=_LEFT_OUT)
    stock = Stock(scratch / "stock", said.project, ())
    floe = OnFloe(scratch / "floe", said.project, stock, ())
    if said.verbose:
        print(stock.said, floe.said, sep="\n")
    differences = list(compare(stock, floe))
    states = sorted(node.state for node in stock.nodes().values())
    print({state: states.count(state) for state in dict.fromkeys(states)})
    print(*differences, f"{len(differences)} differences; {scratch}", sep="\n")
    return int(bool(differences))


if __name__ == "__main__":
    raise SystemExit(main())
