"""What a dbt project's files hold, as one number."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_core.compilation.dbt_project import read_dbt_project
from floe_core.compilation.digest import project_digest, value_digest
from floe_core.errors import Position, SpecError

Write = Callable[[dict[str, str]], Path]

PROJECT = {
    "dbt_project.yml": "name: p\nprofile: p\nmacro-paths: [macros, ../shared]\n",
    "models/a.sql": "select 1 as x\n",
    "seeds/s.csv": "id\n1\n",
    "dbt_packages/util/macros/m.sql": "{% macro m() %}{% endmacro %}\n",
    "../shared/n.sql": "{% macro n() %}{% endmacro %}\n",
}


def digest(folder: Path) -> str:
    return project_digest(folder, read_dbt_project(folder, Position("floe.yaml")))


@pytest.mark.requirement("FR-016")
@pytest.mark.parametrize("name", sorted(PROJECT))
def test_the_content_of_every_file_dbt_reads_counts(write: Write, name: str) -> None:
    folder = write(PROJECT)
    before = digest(folder)
    (folder / name).write_text(PROJECT[name] + "\n")
    assert digest(folder) != before
    (folder / name).write_text(PROJECT[name])
    assert digest(folder) == before


@pytest.mark.requirement("FR-016")
@pytest.mark.parametrize(
    "name",
    [
        "packages.yml",
        "package-lock.yml",
        "dependencies.yml",
        "selectors.yml",
        "models/sub/b.sql",
        "tests/t.sql",
    ],
)
def test_a_new_file_dbt_reads_counts(write: Write, name: str) -> None:
    folder = write(PROJECT)
    before = digest(folder)
    write({name: "# nothing\n"})
    assert digest(folder) != before


@pytest.mark.requirement("FR-016")
@pytest.mark.parametrize(
    "name",
    [
        "target/floe/x.json",
        "logs/dbt.log",
        "README.md",
        "profiles.yml",
        "models/.swap",
        "models/__pycache__/m.pyc",
        "dbt_packages/util/target/manifest.json",
    ],
)
def test_what_dbt_does_not_read_does_not_count(write: Write, name: str) -> None:
    folder = write(PROJECT)
    before = digest(folder)
    write({name: "anything\n"})
    assert digest(folder) == before


@pytest.mark.requirement("FR-016")
def test_a_copy_elsewhere_with_other_times_is_the_same(write: Write, tmp_path: Path) -> None:
    folder = write(PROJECT)
    copy = tmp_path / "elsewhere" / "deep" / "copy"
    shutil.copytree(folder, copy)
    shutil.copytree(folder.parent / "shared", copy.parent / "shared")
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    assert digest(copy) == digest(folder)


@pytest.mark.requirement("FR-016")
def test_a_renamed_file_counts(write: Write) -> None:
    folder = write(PROJECT)
    before = digest(folder)
    (folder / "models/a.sql").rename(folder / "models/b.sql")
    assert digest(folder) != before


@pytest.mark.requirement("FR-016")
def test_linked_packages_are_followed_once_around(write: Write) -> None:
    folder = write(PROJECT)
    (folder / "dbt_packages/local").symlink_to(folder.parent / "shared")
    (folder.parent / "shared" / "loop").symlink_to(folder.parent / "shared")
    before = digest(folder)
    (folder.parent / "shared/n.sql").write_text("-- other\n")
    assert digest(folder) != before


@pytest.mark.requirement("FR-016")
def test_a_folder_whose_name_only_dbt_knows_makes_the_whole_project_count(write: Write) -> None:
    folder = write(
        {**PROJECT, "dbt_project.yml": "name: p\nprofile: p\nmodel-paths: [\"{{ env_var('M') }}\"]\n"}
    )
    before = digest(folder)
    write({"anywhere/c.sql": "select 1\n"})
    assert digest(folder) != before


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: p\n", "no plain 'profile' in the dbt project"),
        ("name: p\nprofile: \"{{ env_var('P') }}\"\n", "no plain 'profile' in the dbt project"),
        ("- a\n", "expected 'key: value' lines"),
        ("a: [\n", "dbt_project.yml:2:1: FLOE-E402 not valid YAML"),
        ("a: \x00\n", "FLOE-E402 not valid YAML"),
    ],
)
def test_a_project_file_that_names_no_profile_is_refused(write: Write, text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        digest(write({"dbt_project.yml": text}))


@pytest.mark.requirement("FR-016")
def test_a_values_digest_knows_no_order_of_keys() -> None:
    assert value_digest({"b": [1, {"d": None, "c": "ä"}], "a": 2}) == value_digest(
        {"a": 2, "b": [1, {"c": "ä", "d": None}]}
    )
    assert value_digest([1, 2]) != value_digest([2, 1])
