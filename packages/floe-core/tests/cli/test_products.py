"""One product from nothing to its tables, through the command line alone."""

from __future__ import annotations

import json
import os
import signal
import threading
import uuid
from datetime import datetime
from pathlib import Path

import pytest
from pyiceberg.catalog import load_catalog

from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from floe_core.run_lock import run_lock
from testing.command_line import Floe, Ran
from testing.golden import Golden
from testing.polling import wait_for

pytestmark = pytest.mark.xdist_group("cli")

BAD_VALUE = "select id, item, cast(item as decimal(9, 2)) as amount from {{ ref('raw_sales') }}\n"
SLOW = (
    "select count(*) as total from range(200000) a, range(90000) b, {{ ref('stg_sales') }}\n"
    "where (a.range * b.range) % 7 = 3\n"
)
RUN_KEYS = [
    "run_id",
    "attempt",
    "product",
    "environment",
    "artifact_digest",
    "state",
    "published",
    "trace_id",
    "started_at",
    "ended_at",
    "reason",
]


def moment(text: str) -> datetime:
    """Reads a time, which ends in Z."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


@pytest.mark.requirement("FR-020", "FR-024")
def test_the_first_run_tells_every_model_and_what_it_published(ran: Ran, golden: Golden) -> None:
    golden("first-run.txt", ran.first.text)


@pytest.mark.requirement("FR-022")
def test_query_prints_an_aligned_table(floe: Floe, in_ran: Path, golden: Golden) -> None:
    golden("query.txt", floe("query", "select * from stg_sales order by id").text)


@pytest.mark.requirement("FR-022")
def test_query_reads_standard_input_and_answers_in_json(floe: Floe, in_ran: Path) -> None:
    sql = "select total, null as nothing, 0.1::float8 / 0 as big, date '2026-03-01' as day from mart_total"
    result = floe("query", "-", "--output", "json", stdin=sql)
    assert result.document == {
        "schema_version": "1",
        "columns": [
            {"name": "total", "type": "DECIMAL(38,2)"},
            {"name": "nothing", "type": "INTEGER"},
            {"name": "big", "type": "DOUBLE"},
            {"name": "day", "type": "DATE"},
        ],
        "rows": [["14.70", None, "Infinity", "2026-03-01"]],
    }


@pytest.mark.requirement("FR-093")
def test_query_from_elsewhere_names_the_product_or_the_schema(
    floe: Floe, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ran.folder.parent)
    count = "select count(*) as n from "
    rows = [
        floe("query", *words, "--output", "json").document["rows"]
        for words in (
            ("--product", "shop", f"{count}stg_sales"),
            ("--product", "corner-shop", f"{count}stg_sales"),
            (f"{count}corner_shop.stg_sales",),
        )
    ]
    assert rows == [[[3]], [[3]], [[3]]]


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    "sql", ["select nope from stg_sales", "select * from stg_sale", "selct 1", "drop table stg_sales", ""]
)
def test_a_query_that_cannot_be_answered_is_wrong_input(floe: Floe, in_ran: Path, sql: str) -> None:
    result = floe("query", sql, "--output", "json")
    [problem] = result.document["problems"]
    assert (result.status, problem["code"][:7], problem["severity"]) == (2, "FLOE-E4", "error")


@pytest.mark.requirement("FR-021", "FR-022")
def test_status_tells_the_tables_and_how_others_open_them(floe: Floe, in_ran: Path, golden: Golden) -> None:
    golden("status.txt", floe("status").text)
    document = floe("status", "--output", "json").document

    [product] = document["products"]
    known = {key: product[key] for key in ("name", "environment", "version", "state")}
    assert known == {"name": "corner-shop", "environment": "dev", "version": "1.2.0", "state": "succeeded"}
    assert [(table["name"], table["layer"], table["rows"]) for table in product["tables"]] == [
        ("mart_total", "gold", 1),
        ("raw_sales", "bronze", 3),
        ("stg_sales", "bronze", 3),
    ]
    catalog = load_catalog(document["catalog"]["name"], **document["catalog"]["properties"])
    try:
        for said in product["tables"]:
            published = catalog.load_table(("corner-shop", said["name"])).metadata.snapshot_log[-1]
            assert (str(published.snapshot_id), published.timestamp_ms) == (
                said["snapshot_id"],
                moment(said["committed_at"]).timestamp() * 1000,
            )
    finally:
        catalog.close()


@pytest.mark.requirement("FR-020")
def test_runs_lists_what_ran(floe: Floe, in_ran: Path, golden: Golden) -> None:
    golden("runs.txt", floe("runs").text)
    document = floe("runs", "--output", "json").document
    [product] = floe("status", "--output", "json").document["products"]

    [run] = document["runs"]
    assert list(run) == RUN_KEYS
    assert (run["run_id"], run["artifact_digest"]) == (product["last_run"], product["digest"])
    assert str(uuid.UUID(run["run_id"])) == run["run_id"]
    assert moment(run["started_at"]) < moment(run["ended_at"])
    assert (run["attempt"], run["state"], run["published"]) == (1, "succeeded", True)


@pytest.mark.requirement("FR-016")
def test_compiling_again_says_unchanged_and_gives_the_problems_as_json(floe: Floe, in_ran: Path) -> None:
    again = floe("compile")
    document = floe("compile", "--output", "json").document

    path = Path(document["artifacts"])
    assert again.text.splitlines()[0] == "compiled corner-shop: 2 models, 1 seed, digest <digest>, unchanged"
    assert (document["product"], document["unchanged"]) == ("corner-shop", True)
    assert path == Path("target/floe/compiled_artifacts.json")
    assert json.loads(path.read_text())["metadata"]["product_name"] == "corner-shop"
    assert document["problems"] == []
    [problem] = floe("compile", "nowhere", "--output", "json").document["problems"]
    assert (problem["code"], problem["severity"]) == ("FLOE-E210", "error")
    assert list(problem) == ["code", "severity", "file", "line", "column", "message", "hint"]


@pytest.mark.requirement("FR-014")
def test_definitions_and_the_workspace_are_written_on_request(floe: Floe, in_ran: Path) -> None:
    result = floe("compile", "--generate-definitions")
    assert result.stdout.splitlines()[1:] == [
        "definitions: target/floe/definitions.py",
        "workspace: .floe/workspace.yaml",
    ]
    assert Path(".floe/workspace.yaml").read_text() == (
        "load_from:\n"
        "- python_file:\n"
        "    relative_path: ../target/floe/definitions.py\n"
        "    location_name: corner-shop\n"
        "- python_file:\n"
        "    relative_path: dagster/platform_definitions.py\n"
        "    location_name: platform\n"
    )


@pytest.mark.requirement("FR-020", "FR-027")
def test_a_failed_run_publishes_nothing_and_the_mended_one_everything(
    floe: Floe, shop: Path, golden: Golden
) -> None:
    model = shop / "models/staging/stg_sales.sql"
    good = model.read_text()
    model.write_text(BAD_VALUE)

    golden("failed-run.txt", floe("run").text)
    traced = floe("trace").stdout.splitlines()
    assert [line.split()[0] for line in traced if line.endswith("  failed")] == [
        "run",
        "stg_sales",
        "write",
    ]
    assert traced[-1] == (
        'failed: stg_sales: Conversion Error: Could not convert string "Zopf" to DECIMAL(9,2)'
        " when casting from source column item"
    )
    assert floe("status", "--output", "json").document["products"][0]["tables"] == []
    model.write_text(good)
    mended = floe("run", "--output", "json")

    document = mended.document
    assert mended.status == 0
    assert list(document) == ["schema_version", *RUN_KEYS, "models", "tests"]
    assert (document["state"], document["published"], document["reason"]) == ("succeeded", True, None)
    assert [
        (model["name"], model["state"], model["rows"], model["error"]) for model in document["models"]
    ] == [
        ("raw_sales", "succeeded", 3, None),
        ("stg_sales", "succeeded", 3, None),
        ("mart_total", "succeeded", 1, None),
    ]
    assert sorted(document["tests"], key=lambda test: str(test["name"])) == [
        {"name": "not_null_stg_sales_amount", "model": "stg_sales", "state": "warned", "failures": 1},
        {"name": "unique_stg_sales_id", "model": "stg_sales", "state": "passed", "failures": 0},
    ]
    states = [run["state"] for run in floe("runs", "--output", "json").document["runs"]]
    assert states == ["succeeded", "failed"]


@pytest.mark.requirement("FR-020")
def test_json_is_alone_on_standard_output_also_when_a_macro_prints(floe: Floe, shop: Path) -> None:
    hook = "on-run-start: \"{{ print('a word from a macro') }}\"\n"
    (shop / "dbt_project.yml").write_text((shop / "dbt_project.yml").read_text() + hook)
    result = floe("run", "--output", "json", "--select", "raw_sales")
    assert [model["name"] for model in result.document["models"]] == ["raw_sales"]


@pytest.mark.requirement("FR-015", "WU-6")
def test_a_broken_model_is_told_with_its_place_and_nothing_runs(floe: Floe, shop: Path) -> None:
    (shop / "models/marts/mart_total.sql").write_text(
        "select\n  sum(amuont) as total\nfrom {{ ref('stg_sales') }}\n"
    )
    result = floe("run", "--output", "json")
    [problem] = result.document["problems"]
    place = (problem["file"], problem["line"], problem["column"])
    assert (result.status, place) == (2, ("models/marts/mart_total.sql", 2, 7))
    assert floe("runs").stdout == "nothing has run here yet\n"


@pytest.mark.requirement("FR-015")
def test_what_happened_is_told_also_while_floe_yaml_is_broken(floe: Floe, in_ran: Path) -> None:
    before = floe("runs").stdout, floe("status").stdout
    spec = in_ran / "floe.yaml"
    good = spec.read_text()
    spec.write_text("metadata: [\n")
    try:
        assert (floe("runs").stdout, floe("status").stdout) == before
    finally:
        spec.write_text(good)


@pytest.mark.requirement("FR-020")
def test_a_second_run_of_the_product_is_refused_while_one_is_going(floe: Floe, shop: Path) -> None:
    going = RunIdentity(str(uuid.uuid4()), 1, "corner-shop", "dev", "digest", "trace")
    with run_lock(shop / ".floe", going.run_id):
        Ledger(shop / ".floe").begin(going, engine_run_id=None)
        result = floe("run", "--output", "json")
    [problem] = result.document["problems"]
    assert (result.status, problem["code"]) == (1, "FLOE-E501")
    assert problem["message"].startswith(
        f"product 'corner-shop' is already running: run '{going.run_id}', since "
    )
    assert [run["state"] for run in floe("runs", "--output", "json").document["runs"]] == ["failed"]


@pytest.mark.requirement("FR-027")
def test_ctrl_c_publishes_nothing_and_the_next_run_is_fine(floe: Floe, shop: Path, golden: Golden) -> None:
    model = shop / "models/marts/mart_total.sql"
    good = model.read_text()
    model.write_text(SLOW)

    ledger, over = Ledger(shop / ".floe"), threading.Event()

    def ended_tests() -> int:
        return sum(len(ledger.attempt(run.run_id, 1).tests) for run in ledger.running())

    def press_ctrl_c() -> None:
        wait_for(lambda: over.is_set() or ended_tests() == 2, timeout_s=300)
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    finger = threading.Thread(target=press_ctrl_c)
    finger.start()
    interrupted = floe("run")
    over.set()
    finger.join()
    model.write_text(good)

    # whether the model that was stopped is still told about is up to the threads
    lines = [line for line in interrupted.text.splitlines(keepends=True) if "mart_total" not in line]
    golden("interrupted-run.txt", "".join(lines))
    assert floe("run", "--output", "json").document["published"] is True
    states = [run["state"] for run in floe("runs", "--output", "json").document["runs"]]
    assert states == ["succeeded", "cancelled"]


@pytest.mark.requirement("FR-015")
def test_a_slip_in_a_query_is_shown_with_its_line_and_a_caret(floe: Floe, in_ran: Path) -> None:
    result = floe("query", "select\n  totl\nfrom mart_total")
    assert (result.status, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert lines[0] == 'FLOE-E430 Referenced column "totl" not found in FROM clause!'
    assert lines[-2:] == ["  LINE 2:   totl", "            ^"]


@pytest.mark.requirement("FR-012")
def test_explain_shows_every_word_on_a_setting_and_compiles_nothing(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "manifest.yaml").write_text(
        "metadata: {name: demo}\nplugins:\n  compute: {type: duckdb, config: {threads: 4}}\n"
        "environments: {dev: {}, prod: {schedule: {every: 1d}}}\n"
    )
    (tmp_path / "floe.yaml").write_text("metadata: {name: shop}\ncompute: {config: {threads: 2}}\n")
    assert floe("compile", "--explain", "compute.threads").stdout == (
        "compute.threads: 2\n"
        "        value  said by                         where\n"
        "------  -----  ------------------------------  ------------------\n"
        "counts  2      product 'shop'                  floe.yaml:2:29\n"
        "        4      platform 'demo'                 manifest.yaml:3:45\n"
        "        4      the default of plugin 'duckdb'\n"
    )
    assert "in 'prod': 1d\n" in floe("compile", "--explain", "schedule.every").stdout
    unknown = floe("compile", "--explain", "compute.thred")
    told = "FLOE-E223 no setting 'compute.thred'\n  hint: did you mean 'compute.threads'?\n"
    assert (unknown.status, unknown.stderr) == (2, told)
    (tmp_path / "floe.yaml").write_text("metadata: {name: shop}\ncompute: {config: {threads: 0x10}}\n")
    wrong = floe("compile", "--explain", "compute.threads")
    assert (wrong.status, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("floe.yaml:2:29: FLOE-E203 ")
    assert floe("compile", "--explain", "schedule.every").status == 0
    assert not (tmp_path / "target").exists()
