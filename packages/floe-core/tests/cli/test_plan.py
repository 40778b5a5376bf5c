"""What a run would do now: told before it is done, and nothing is done."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from floe_core.artifact_store import kept_artifacts
from floe_core.cli.github import annotation
from floe_core.cli.planning import details
from floe_core.errors import Position, Problem
from floe_core.lake import PublishedTable
from floe_core.ledger import Ledger
from floe_core.preview.work import Work, Works
from floe_core.schemas.artifacts import CompiledArtifacts
from testing.command_line import CORNER_SHOP, Floe, blotted, write
from testing.golden import Golden

pytestmark = pytest.mark.xdist_group("cli")

CHANGED = {
    "models/staging/stg_sales.sql": (
        "select id, cast(amount as decimal(12, 2)) as amount, 'x' as channel from {{ ref('raw_sales') }}\n"
    ),
    "models/marts/mart_items.sql": "select count(*) as items from {{ ref('stg_sales') }}\n",
}


@pytest.fixture
def changed(in_ran: Path, floe: Floe) -> Iterator[Path]:
    """Stands in a product that ran, with one model changed, one new and one gone; put back afterwards."""
    write(in_ran, CHANGED)
    (in_ran / "models/marts/mart_total.sql").unlink()
    yield in_ran
    (in_ran / "models/marts/mart_items.sql").unlink()
    write(in_ran, CORNER_SHOP)
    floe("compile")  # others look at the product too


def sizeless(text: str) -> str:
    """The text without the sizes of files, which are another engine version's to change."""
    return re.sub(r"\b\d+ bytes", "<size>", text)


def snapshots(floe: Floe) -> dict[str, str]:
    [product] = floe("status", "--output", "json").document["products"]
    return {table["name"]: table["snapshot_id"] for table in product["tables"]}


@pytest.mark.requirement("FR-094")
def test_before_the_first_run_everything_is_new(floe: Floe, shop: Path, golden: Golden) -> None:
    golden("plan-new.txt", floe("plan", "--exit-code").text)


@pytest.mark.requirement("FR-094")
def test_after_a_run_there_is_nothing_to_do(floe: Floe, in_ran: Path) -> None:
    planned = floe("plan", "--exit-code")
    assert (planned.status, blotted(planned.stdout)) == (
        0,
        "corner-shop: 0 new, 0 changed, 3 unchanged; last published by run <run id>, <time>\n"
        "policy: 0 warnings at level warn\n",
    )


@pytest.mark.requirement("FR-094")
def test_an_unchanged_product_is_planned_without_dbt_and_without_the_orchestrator(in_ran: Path) -> None:
    program = (
        "import sys\nfrom floe_core.cli.program import program\n"
        "try: program.main(['plan'])\nexcept SystemExit as end: assert end.code == 0\n"
        "print([name for name in ('dbt', 'dagster') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.requirement("FR-094")
def test_what_changed_is_told_with_its_reasons_its_columns_and_who_breaks(
    floe: Floe, changed: Path, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    tables = snapshots(floe)
    golden("plan-changed.txt", sizeless(floe("plan", "--exit-code").text))
    golden("plan-github.txt", sizeless(floe("plan", "--format", "github").text))
    golden("plan-summary.md", sizeless(blotted(summary.read_text(encoding="utf-8"))))
    document = floe("plan", "--output", "json").document
    assert document["schema_version"] == "1"
    [product] = document["products"]
    assert {model["name"]: model["state"] for model in product["models"]} == {
        "raw_sales": "unchanged",
        "stg_sales": "changed",
        "mart_items": "new",
    }
    [stg_sales] = [model for model in product["models"] if model["name"] == "stg_sales"]
    assert stg_sales["columns"] == [
        {"change": "retyped", "name": "amount", "before": "DECIMAL(9,2)", "after": "DECIMAL(12,2)"},
        {"change": "added", "name": "channel", "before": None, "after": "VARCHAR"},
        {"change": "dropped", "name": "item", "before": "VARCHAR", "after": None},
    ]
    assert (stg_sales["rows"], stg_sales["last_run_rows"]) == (3, 3)
    assert stg_sales["bytes"] > 100
    assert [table["name"] for table in product["removed"]] == ["mart_total"]
    assert [(change["kind"], change["table"], change["column"]) for change in product["breaking"]] == [
        ("table_dropped", "mart_total", None),
        ("column_dropped", "stg_sales", "item"),
    ]
    assert snapshots(floe) == tables


@pytest.mark.requirement("FR-091")
def test_partitions_a_model_asks_for_are_told_beside_those_of_its_table(in_ran: Path) -> None:
    [run] = Ledger(in_ran / ".floe").published("corner-shop", "dev", limit=1)
    artifacts = kept_artifacts(in_ran / ".floe", run.artifact_digest)
    assert artifacts
    tables = {("corner-shop", "stg_sales"): _table()}
    asked = [
        _stg_sales(Works(_partitioned(artifacts, by), tables, {}, None)) for by in ("day(at)", "month( at )")
    ]
    said = [[line for line in details(work) if line.startswith("partitions")] for work in asked]
    assert said == [["partitions: month(at) → day(at), for rows that are written from then on"], []]


def _stg_sales(works: Works) -> Work:
    return next(work for work in works.all() if work.node.name == "stg_sales")


def _partitioned(artifacts: CompiledArtifacts, term: str) -> CompiledArtifacts:
    transforms = [node.model_copy(update={"partition_by": (term,)}) for node in artifacts.transforms]
    return artifacts.model_copy(update={"transforms": tuple(transforms)})


def _table() -> PublishedTable:
    facts: dict[str, Any] = {"snapshot_id": 1, "rows": 3, "size": 9, "properties": {}}
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return PublishedTable(
        "corner-shop", "stg_sales", columns=(), partition_by=("month(at)",), committed_at=moment, **facts
    )


@pytest.mark.requirement("FR-015")
def test_an_annotation_carries_any_text_to_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(Path.cwd().parent))
    problem = Problem("FLOE-E407", "50%, a: b\nc", Position("m/a,b.sql", 3, 7), "do it", "warning")
    assert annotation(problem) == (
        f"::warning file={Path.cwd().name}/m/a%2Cb.sql,line=3,col=7,title=FLOE-E407"
        "::50%25, a: b%0Ac%0Ahint: do it"
    )
