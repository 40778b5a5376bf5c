"""The doctor: what is fine is said, what is broken is told with what mends it, and nothing makes it fall."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from floe_core.cli.doctor import machine
from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from testing.command_line import Floe, Ran, Result
from testing.services.process import free_port

NO_DATABASE = b"this is no database " * 500


def not_ok(result: Result) -> list[tuple[str, str, str]]:
    """State, what was looked at and the first line's problem of all that is not ok."""
    lines = result.stdout.splitlines()
    bad = [line for line in lines if line.startswith(("wrong", "warning"))]
    return [(line.split()[0], *line[9:].split(": ", 1)) for line in bad]  # type: ignore[misc]


@pytest.fixture
def patient(ran: Ran, tmp_path: Path, floe: Floe, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the product that ran, which takes itself for the original, to be broken."""
    folder = tmp_path / "shop"
    shutil.copytree(ran.folder, folder)
    (folder / ".floe/location").write_text(f"{(folder / '.floe').resolve()}\n")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return folder


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-055")
def test_what_is_fine_is_said_line_by_line(floe: Floe, patient: Path) -> None:
    result = floe("doctor", "--port", str(free_port()))
    assert (result.status, result.stderr, not_ok(result)) == (0, "", [])
    said = [line.split(": ", 1)[0] for line in result.stdout.splitlines()]
    assert said[0] == "ok       python"
    assert [line.removeprefix("ok").strip() for line in said[said.index("ok       products") :]] == [
        "products",
        "floe.yaml",
        "catalog local",
        "compute duckdb",
        "dbt core",
        "lineage local",
        "orchestrator dagster",
        "storage local",
        "telemetry local",
        "dbt in .",
        "permissions",
        "disk",
        "ledger",
        "runs",
        "clock",
        "tables",
        "UI",
        "leftovers of corner-shop",
        "nothing to mend",
    ]
    assert re.search(r"^ok       ledger: version \d+, 1 attempt$", result.stdout, re.MULTILINE)
    assert "ok       tables: 3 published" in result.stdout


@pytest.mark.requirement("FR-055")
def test_in_an_empty_folder_it_looks_at_the_installation(floe: Floe) -> None:
    result = floe("doctor", "--output", "json")
    assert (result.status, result.document["problems"]) == (0, [])
    assert result.document["checks"][-1] == {
        "what": "products",
        "state": "ok",
        "said": "none here: floe init makes one",
    }
    [duckdb] = [check for check in result.document["checks"] if check["what"] == "floe-compute-duckdb"]
    assert "dbt-core 1.11" in duckdb["said"]


@pytest.mark.requirement("FR-055")
def test_an_artifact_that_cannot_be_read_is_told_before_anything_ran(floe: Floe) -> None:
    floe("init", "shop", "--template", "empty")
    artifact = Path("shop/target/floe/compiled_artifacts.json")
    artifact.parent.mkdir(parents=True)
    artifact.write_text("{")
    message = "FLOE-E013 'shop/target/floe/compiled_artifacts.json' is not of this version of floe"
    assert not_ok(floe("doctor", "--port", str(free_port()))) == [("wrong", "shop", message)]


def overwrite_ledger(folder: Path) -> None:
    (folder / ".floe/ledger.db").write_bytes(NO_DATABASE)


def older_ledger(folder: Path) -> None:
    connection = sqlite3.connect(folder / ".floe/ledger.db")
    connection.execute("pragma user_version = 1")
    connection.close()


def lose_catalog(folder: Path) -> None:
    (folder / ".floe/catalog.db").unlink()


def move_state(folder: Path) -> None:
    (folder / ".floe/location").write_text("/somewhere/else\n")


def misspell(folder: Path) -> None:
    (folder / "floe.yaml").write_text("metadata: {nmae: shop}\n")


def unknown_plugin(folder: Path) -> None:
    (folder / "floe.yaml").write_text("metadata: {name: corner-shop}\ncompute: duckbd\n")


def lose_dbt_project(folder: Path) -> None:
    (folder / "dbt_project.yml").unlink()


def old_artifact(folder: Path) -> None:
    (folder / "target/floe/compiled_artifacts.json").write_text('{"version": "0.4.0"}')


def file_for_a_folder(folder: Path) -> None:
    shutil.rmtree(folder / ".floe/logs", ignore_errors=True)
    (folder / ".floe/logs").write_text("")


def identity() -> RunIdentity:
    return RunIdentity("4f1c22ab-0000-4000-8000-000000000000", 1, "corner-shop", "dev", "d", "t")


def dead_run(folder: Path) -> None:
    Ledger(folder / ".floe").begin(identity(), engine_run_id=None)


def run_of_tomorrow(folder: Path) -> None:
    connection = sqlite3.connect(folder / ".floe/ledger.db")
    connection.execute("update runs set started_at = '2999-01-01T00:00:00.000Z'")
    connection.commit()
    connection.close()


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-055", "FR-066")
@pytest.mark.parametrize(
    ("harm", "told", "mends"),
    [
        (
            overwrite_ledger,
            [("wrong", "ledger", "FLOE-E003 '.floe/ledger.db' is damaged: it is no SQLite database")],
            "the tables are fine, only the history of runs is lost: rm -r .floe/ledger.db",
        ),
        (
            older_ledger,
            [
                (
                    "wrong",
                    "ledger",
                    "FLOE-E608 the ledger '.floe/ledger.db' was made by another version of floe",
                )
            ],
            "use that version, or move the ledger away: the tables do not need it",
        ),
        (
            lose_catalog,
            [
                (
                    "wrong",
                    "tables",
                    "FLOE-E607 the catalog '.floe/catalog.db' is gone, "
                    "and with it the way to the tables beside it",
                )
            ],
            "put it back from a backup, or start anew: rm -r .floe",
        ),
        (
            misspell,
            [
                ("wrong", "shop", "floe.yaml:1:1: FLOE-E202 metadata.name: missing"),
                ("wrong", "shop", "floe.yaml:1:12: FLOE-E201 metadata.nmae: unknown key"),
            ],
            "did you mean 'name'?",
        ),
        (
            unknown_plugin,
            [("wrong", "plugins", "floe.yaml:2:10: FLOE-E204 compute: no compute plugin named 'duckbd'")],
            "did you mean 'duckdb'?",
        ),
        (
            lose_dbt_project,
            [("wrong", "shop", "floe.yaml:1:1: FLOE-E401 dbt.project: no dbt_project.yml in this folder")],
            "write 'dbt: {project: FOLDER}' with the folder of the dbt project",
        ),
        (
            old_artifact,
            [
                (
                    "wrong",
                    "shop",
                    "FLOE-E013 'target/floe/compiled_artifacts.json' is not of this version of floe",
                )
            ],
            "floe compile",
        ),
        (
            file_for_a_folder,
            [("wrong", "permissions", "FLOE-E032 '.floe/logs' is no folder")],
            "move it away: mv .floe/logs .floe/logs.old",
        ),
        (
            dead_run,
            [
                (
                    "warning",
                    "runs",
                    "FLOE-E037 run 4f1c22ab of 'corner-shop' is called running, and its process is gone",
                )
            ],
            "floe runs",
        ),
    ],
)
def test_what_is_broken_is_told_with_what_mends_it(
    floe: Floe,
    patient: Path,
    harm: Callable[[Path], None],
    told: list[tuple[str, str, str]],
    mends: str,
) -> None:
    harm(patient)
    result = floe("doctor", "--port", str(free_port()))
    bad = not_ok(result)
    assert [each for each in bad if each in told] == told
    assert f"         {mends}" in result.stdout.splitlines()
    wrong = len({each[1] for each in bad if each[0] == "wrong"})
    assert result.status == (1 if wrong else 0)


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-055")
def test_a_clock_that_went_back_and_a_moved_state_are_told(floe: Floe, patient: Path) -> None:
    run_of_tomorrow(patient)
    move_state(patient)
    checks = {check["what"]: check for check in floe("doctor", "--output", "json").document["checks"]}
    problems = floe("doctor", "--output", "json").document["problems"]
    assert {what for what, check in checks.items() if check["state"] == "wrong"} >= {"clock", "tables"}
    assert {problem["code"]: problem["hint"] for problem in problems} == {
        "FLOE-E034": "set it: timedatectl set-ntp true",
        "FLOE-E601": f"move it back, or start anew: rm -r '{(patient / '.floe').resolve()}'",
    }


@pytest.mark.requirement("FR-055")
def test_a_taken_port_a_full_disk_and_a_foreign_dagster_home_are_told(
    floe: Floe, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_ROOM", 1 << 62)  # no disk has as much
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = floe("doctor", "--port", str(port))
    assert [(state, what, said.split(" ")[0]) for state, what, said in not_ok(result)] == [
        ("warning", "orchestrator dagster", "FLOE-E040"),
        ("wrong", "disk", "FLOE-E033"),
        ("warning", "UI", "FLOE-E503"),
    ]
    hints = [line.strip() for line in result.stdout.splitlines() if line.startswith(" ")]
    assert hints == [
        "unset DAGSTER_HOME, or set it wherever floe is run",
        "make room: floe maintain, df -h .",
        f"choose another: --port {port + 1}",
    ]


@pytest.mark.requirement("FR-054", "FR-055")
def test_other_versions_than_the_pins_are_told_with_the_command_that_installs_those(
    floe: Floe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: Path
) -> None:
    installed = tmp_path / "installed"
    for name, number, more in (
        ("duckdb_extension_spatial", "1.4.0", ""),
        ("tape_for_floe", "1.2", "Requires-Dist: click<8\nRequires-Dist: tapes>=2\n"),
    ):
        info = installed / f"{name}-{number}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n{more}")
    (installed / "tape_for_floe-1.2.dist-info/entry_points.txt").write_text(
        "[floe.storage]\ntape = tape:Tape\n"
    )
    monkeypatch.syspath_prepend(str(installed))

    result = floe("doctor", "--port", str(free_port()))

    assert result.status == 1
    assert not_ok(result) == [
        (
            "wrong",
            "tape_for_floe",
            f"FLOE-E031 'tape_for_floe' needs click<8, click {version('click')} is installed",
        ),
        ("wrong", "tape_for_floe", "FLOE-E031 'tape_for_floe' needs tapes>=2, 'tapes' is not installed"),
        (
            "wrong",
            "compute duckdb",
            "FLOE-E039 'duckdb-extension-spatial' 1.4.0 is for another DuckDB than the installed "
            f"{version('duckdb')}",
        ),
    ]
    assert "         pip install 'tapes>=2'" in result.stdout.splitlines()


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-055", "FR-066")
def test_no_file_of_a_product_can_be_broken_so_that_the_doctor_falls(floe: Floe, patient: Path) -> None:
    files = [
        *(".floe/catalog.db", ".floe/ledger.db", ".floe/location", ".floe/dagster/dagster.yaml"),
        *(
            "floe.yaml",
            "dbt_project.yml",
            "target/floe/compiled_artifacts.json",
            ".floe/warehouse",
            ".floe",
            "target",
        ),
    ]
    fell = {}
    for file in files:
        for harm in ("garbage", "folder"):
            path, kept = patient / file, patient.with_name("kept")
            path.rename(kept)
            path.mkdir() if harm == "folder" else path.write_bytes(b"\x00\xff{[ ")
            result = floe("doctor", "--output", "json")
            codes = [problem["code"] for problem in json.loads(result.stdout)["problems"]]
            if result.stderr or "FLOE-E004" in codes or result.status != int(any(_wrong(result))):
                fell[file, harm] = (result.stderr, codes)
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            kept.rename(path)
    assert fell == {}


def _wrong(result: Result) -> list[bool]:
    return [check["state"] == "wrong" for check in result.document["checks"]]
