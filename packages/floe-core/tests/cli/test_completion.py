"""What a shell completes, asked as the shells ask; bash itself where the words are its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from floe_core.ledger import Ledger
from testing.command_line import Floe, Ran

PROGRAM = Path(sys.executable).with_name("floe")
PATH = os.pathsep.join([str(PROGRAM.parent), os.environ["PATH"]])


def asked(folder: Path, shell: str, *words: str) -> list[str]:
    """What floe answers the shell's script, line by line; nothing may be said beside it."""
    line = {
        "COMP_WORDS": "\n".join(["floe", *words]),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
    }
    done = subprocess.run(
        [PROGRAM],
        cwd=folder,
        env={**os.environ, **line, "_FLOE_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-011")
def test_bash_completes_commands_products_models_runs_and_tables(floe: Floe, ran: Ran) -> None:
    [run] = Ledger(ran.folder / ".floe").runs()
    lines = {
        "floe ret": "retry",
        "floe run cor": "corner-shop",
        "floe run --select stg": "stg_sales",
        f"floe retry {run.run_id[:4]}": run.run_id,
        "floe query --run ''": run.run_id,
        # as bash gives a word whose quote is still open
        """floe query "'select total from mart" """: "select total from mart_total",
        "floe schema ''": "export",
    }
    script = 'eval "$(floe completion bash)"\n' + "".join(
        f"COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=(); _floe_completion floe\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
        for line in lines
    )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ran.folder,
        env={**os.environ, "PATH": PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stderr, done.stdout.splitlines()) == ("", list(lines.values()))


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-011")
def test_zsh_and_fish_show_what_each_word_means(floe: Floe, ran: Ran) -> None:
    assert asked(ran.folder, "zsh", "run", "--select", "mart") == [
        "plain",
        "mart_total",
        "models/marts/mart_total.sql",
    ]
    assert asked(ran.folder, "fish", "maint") == [
        "plain,maintain\tDelete old rows, expire snapshots, remove files nobody needs."
    ]


@pytest.mark.requirement("FR-011", "FR-066")
def test_where_nothing_is_known_nothing_is_said(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / "floe.yaml").write_text("metadata: [\n")
    (tmp_path / "target/floe").mkdir(parents=True)
    (tmp_path / "target/floe/compiled_artifacts.json").write_text("[]")
    (tmp_path / ".floe").mkdir()
    (tmp_path / ".floe/ledger.db").write_text("no database at all " * 100)
    assert asked(tmp_path, "bash", "run", "--select", "x") == [""]
    assert asked(tmp_path, "bash", "retry", "") == [""]
    assert asked(tmp_path, "bash", "rum", "x") == [""]
    assert asked(tmp_path, "bash", "run", "no-such") == ["dir,no-such"]


@pytest.mark.requirement("FR-011")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(floe: Floe, shell: str) -> None:
    script = floe("completion", shell).stdout
    assert f"_FLOE_COMPLETE={shell}_complete" in script
    document = floe("completion", shell, "--output", "json").document
    assert (document["shell"], document["script"].rstrip()) == (shell, script.rstrip())


@pytest.mark.requirement("FR-011")
def test_completing_imports_no_model_of_the_files_and_no_engine(floe: Floe) -> None:
    program = (
        "import sys\n"
        "from floe_core.cli.program import program\n"
        "try: program.main()\n"
        "except SystemExit: pass\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'pydantic', 'yaml', 'sqlite3', 'dbt'}))\n"
    )
    line = {"COMP_WORDS": "floe st", "COMP_CWORD": "1", "_FLOE_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **line},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["plain,status", "[]"]
