"""What a file holds counts, and neither its size nor its time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from floe_core.compiler import Compilation, compile_floe_spec
from floe_core.errors import SpecError

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def compiled(shop: Path, write: Write) -> Compilation:
    write(
        {
            "manifest.yaml": (
                "metadata: {name: p}\nplugins: {compute: {type: duckdb, config: {threads: 4}}}\n"
            ),
            "macros/m.sql": "{% macro one() %}1{% endmacro %}\n",
            "models/marts/ones.sql": "select {{ one() }} as n\n",
        }
    )
    return compile_floe_spec(shop)


def change_unseen(path: Path, old: str, new: str) -> None:
    """Put other content of the same length into the same file, and its times back."""
    before, text = path.stat(), path.read_text()
    assert old in text
    with path.open("r+") as file:
        file.write(text.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    )


@pytest.mark.requirement("FR-016")
def test_a_change_that_keeps_size_and_time_is_noticed_in_every_file(
    shop: Path, compiled: Compilation
) -> None:
    seen = {compiled.artifacts.digest}
    changes = [
        ("floe.yaml", "sales", "selas"),
        ("manifest.yaml", "threads: 4", "threads: 2"),
        ("models/marts/customers.sql", "as total", "as summe"),
        ("models/schema.yml", "Who buys.", "Who pays."),
        ("seeds/raw_orders.csv", "customer,", "CUSTOMER,"),
        ("macros/m.sql", "}1{", "}2{"),
        ("dbt_project.yml", "1.0.0", "1.0.1"),
    ]
    for file, old, new in changes:
        change_unseen(shop / file, old, new)
        again = compile_floe_spec(shop)
        assert again.unchanged is False, file
        assert again.artifacts.digest not in seen, file
        seen.add(again.artifacts.digest)
    [mart] = [each for each in again.artifacts.transforms if each.name == "customers"]
    assert [column.name for column in mart.columns] == ["CUSTOMER", "summe"]


@pytest.mark.requirement("FR-016")
def test_touching_every_file_compiles_nothing_again(shop: Path, compiled: Compilation) -> None:
    generated = shop / "target/floe"
    for path in shop.rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    times = {path: path.stat().st_mtime_ns for path in generated.rglob("*") if path.is_file()}
    again = compile_floe_spec(shop)
    assert again.unchanged is True
    assert again.artifacts.digest == compiled.artifacts.digest
    assert {path: path.stat().st_mtime_ns for path in times} == times


@pytest.mark.requirement("FR-016", "FR-015")
def test_a_pipe_in_a_file_s_place_is_refused_unread(shop: Path, compiled: Compilation) -> None:
    spec = shop / "floe.yaml"
    spec.unlink()
    os.mkfifo(spec)
    with pytest.raises(SpecError) as refused:
        compile_floe_spec(shop)
    assert [problem.code for problem in refused.value.problems] == ["FLOE-E101"]
