"""What a run notes of whence it was started: the commit of its files, and the trace of who started it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from floe_core.commit import commit_of, has_commit
from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from floe_core.run_lock import run_lock
from testing.command_line import Floe


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.requirement("FR-042")
def test_the_commit_of_changed_files_says_so_and_other_folders_do_not_count(tmp_path: Path) -> None:
    product = tmp_path / "platform/shop"
    product.mkdir(parents=True)
    files = [product / "a.sql", tmp_path / "platform/notes.txt"]
    assert (commit_of(product), has_commit(product, "c0ffee")) == (None, None)
    _git(tmp_path / "platform", "init", "-q")
    for file in files:
        file.write_text("one")
    assert commit_of(product) is None
    _git(tmp_path / "platform", "add", ".")
    _git(tmp_path / "platform", "commit", "-qm", "first")
    head = _git(product, "rev-parse", "HEAD")
    (product / "target").write_text("left behind")
    files[1].write_text("two")
    assert (commit_of(product), has_commit(product, head)) == (head, True)
    files[0].write_text("two")
    assert (commit_of(product), has_commit(product, "c0ffee" * 6)) == (f"{head}-dirty", False)
    _git(product, "add", "a.sql")
    assert commit_of(product) == f"{head}-dirty"


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-042")
def test_a_run_of_changed_files_is_not_said_to_be_of_the_commit(floe: Floe, in_ran: Path) -> None:
    dirty = f"{_git(in_ran, 'rev-parse', 'HEAD')}-dirty"
    said = floe("why", "stg_sales", "--output", "json")
    [commit] = [link for link in said.document["chain"] if link["link"] == "commit"]
    assert (said.status, said.document["git_commit"]) == (0, dirty)
    assert (commit["value"], commit["state"]) == (dirty, "unknown")
    assert f"  ?       commit    {dirty}  the files had changes that were not committed\n" in (
        floe("why", "stg_sales").stdout
    )


@pytest.mark.xdist_group("cli")
@pytest.mark.requirement("FR-042")
def test_a_run_is_part_of_the_trace_that_the_environment_names(floe: Floe, in_ran: Path) -> None:
    said = floe("trace", "--output", "json").document
    [root] = [span for span in said["spans"] if span["name"] == "run"]
    told = [floe(*command.split(), "--output", "json").document for command in ("why stg_sales", "runs")]
    trace_ids = {said["trace_id"], told[0]["trace_id"], told[1]["runs"][0]["trace_id"]}
    assert (trace_ids, root["parent_id"]) == ({"4bf92f3577b34da6a3ce929d0e0e4736"}, "00f067aa0ba902b7")
    assert root["attributes"]["vcs.ref.head.revision"] == _git(in_ran, "rev-parse", "HEAD")


@pytest.mark.requirement("FR-042")
def test_a_run_that_is_still_going_is_not_looked_for_elsewhere(floe: Floe, shop: Path) -> None:
    with run_lock(shop / ".floe", "11111111-aaaa"):
        identity = RunIdentity("11111111-aaaa", 1, "corner-shop", "dev", "d" * 64, "7" * 32)
        Ledger(shop / ".floe").begin(identity, engine_run_id=None)
        said = floe("trace")
    assert (said.status, said.stderr) == (
        2,
        "FLOE-E022 run '11111111-aaaa' is still going\n"
        "  hint: its spans are told when it has ended: floe runs\n",
    )
