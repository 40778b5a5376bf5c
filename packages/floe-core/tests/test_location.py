"""Finding products and their platform."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from floe_core.errors import SpecError
from floe_core.location import Location, find_products, locate

Write = Callable[[dict[str, str]], Path]

PLATFORM = {
    "manifest.yaml": "metadata: {name: p}\n",
    "a/floe.yaml": "metadata: {name: alpha}\n",
    "b/floe.yaml": "metadata: {name: beta}\n",
}


@pytest.mark.requirement("FR-012")
def test_the_product_here_or_above_is_the_one_meant(write: Write) -> None:
    folder = write({**PLATFORM, "a/models/deep/x.sql": ""})
    expected = Location(folder / "a/floe.yaml", folder / "manifest.yaml")
    assert locate(cwd=folder / "a/models/deep") == expected
    assert expected.state_dir == folder / ".floe"
    assert expected.artifacts_path == folder / "a/target/floe/compiled_artifacts.json"


@pytest.mark.requirement("FR-012")
@pytest.mark.parametrize("named", ["a", "a/floe.yaml", "alpha", "./a/"])
def test_a_product_is_named_by_folder_file_or_name(write: Write, named: str) -> None:
    folder = write(PLATFORM)
    assert locate(Path(named), cwd=folder).spec_path == folder / "a/floe.yaml"


@pytest.mark.requirement("FR-012")
def test_without_a_manifest_the_state_lies_beside_the_product(write: Write) -> None:
    folder = write({".git/config": "", "floe.yaml": "metadata: {name: alpha}\n"})
    location = locate(cwd=folder)
    assert location == Location(folder / "floe.yaml", None)
    assert location.state_dir == folder / ".floe"


@pytest.mark.requirement("FR-012")
def test_the_manifest_named_wins_over_platform_and_platform_over_the_nearest(write: Write) -> None:
    folder = write(
        {
            "named.yaml": "metadata: {name: n}\n",
            "other/manifest.yaml": "metadata: {name: o}\n",
            "manifest.yaml": "metadata: {name: nearest}\n",
            "a/floe.yaml": "metadata: {name: alpha}\nplatform: ../other\n",
            "b/floe.yaml": "metadata: {name: beta}\n",
        }
    )
    assert locate(Path("a"), manifest=Path("named.yaml"), cwd=folder).manifest_path == folder / "named.yaml"
    assert locate(Path("a"), cwd=folder).manifest_path == folder / "other/manifest.yaml"
    assert locate(Path("b"), cwd=folder).manifest_path == folder / "manifest.yaml"


@pytest.mark.requirement("FR-015")
def test_a_manifest_that_is_named_and_missing_is_an_error_with_its_place(write: Write) -> None:
    folder = write({"floe.yaml": "metadata: {name: alpha}\nplatform: ../nowhere.yaml\n"})
    with pytest.raises(SpecError, match=r"^floe.yaml:2:11: FLOE-E212 no manifest at '../nowhere.yaml'"):
        locate(cwd=folder)
    with pytest.raises(SpecError, match=r"^FLOE-E212 no manifest at 'gone.yaml'"):
        locate(manifest=Path("gone.yaml"), cwd=folder)


@pytest.mark.requirement("FR-012")
@pytest.mark.parametrize("boundary", ["git", "home"])
def test_a_manifest_beyond_the_repository_or_the_home_is_somebody_elses(
    write: Write, monkeypatch: pytest.MonkeyPatch, boundary: str
) -> None:
    folder = write(
        {"manifest.yaml": "metadata: {name: p}\n", "mine/a/floe.yaml": "metadata: {name: alpha}\n"}
    )
    assert locate(Path("mine/a"), cwd=folder).manifest_path == folder / "manifest.yaml"
    if boundary == "git":
        (folder / "mine/.git").mkdir()
    else:
        monkeypatch.setenv("HOME", str(folder / "mine"))
    assert locate(Path("mine/a"), cwd=folder).manifest_path is None


@pytest.mark.requirement("FR-012")
def test_a_platform_with_one_product_means_that_one(write: Write) -> None:
    folder = write({"manifest.yaml": "metadata: {name: p}\n", "x/a/floe.yaml": "metadata: {name: alpha}\n"})
    assert locate(cwd=folder).spec_path == folder / "x/a/floe.yaml"


@pytest.mark.requirement("FR-015")
def test_several_products_here_are_listed(write: Write) -> None:
    folder = write(PLATFORM)
    with pytest.raises(SpecError, match=r"FLOE-E211 several products here: alpha, beta\n  hint: name one"):
        locate(cwd=folder)


@pytest.mark.requirement("FR-015")
def test_a_misspelled_product_is_guessed(write: Write) -> None:
    folder = write(PLATFORM)
    with pytest.raises(SpecError, match=r"no product 'alfa'\n  hint: did you mean 'alpha'\?"):
        locate(Path("alfa"), cwd=folder)


@pytest.mark.requirement("FR-015")
def test_a_folder_that_is_no_product_is_told_apart(write: Write) -> None:
    folder = write({**PLATFORM, "c/models/x.sql": ""})
    with pytest.raises(SpecError, match=r"no floe.yaml in 'c'\n  hint: known here: alpha, beta"):
        locate(Path("c"), cwd=folder)


@pytest.mark.requirement("FR-012")
def test_a_linked_product_is_where_its_files_are(write: Write) -> None:
    folder = write({**PLATFORM, "elsewhere/x": ""})
    (folder / "elsewhere/link").symlink_to(folder / "a")
    expected = Location(folder / "a/floe.yaml", folder / "manifest.yaml")
    assert locate(Path("link"), cwd=folder / "elsewhere") == expected


@pytest.mark.requirement("FR-015")
def test_nothing_here_says_what_to_do(write: Write) -> None:
    folder = write({".git/config": ""})
    with pytest.raises(SpecError, match=r"no floe.yaml here or above\n  hint: floe init"):
        locate(cwd=folder)


@pytest.mark.requirement("FR-014")
def test_all_products_of_a_platform_are_found_and_nothing_else(write: Write) -> None:
    spec = "metadata: {name: n}\n"
    folder = write(
        {
            **PLATFORM,
            "c/d/floe.yaml": spec,
            "a/target/floe.yaml": spec,
            ".hidden/floe.yaml": spec,
            "b/dbt_packages/x/floe.yaml": spec,
            "node_modules/floe.yaml": spec,
            "elsewhere/manifest.yaml": "metadata: {name: q}\n",
            "elsewhere/floe.yaml": spec,
            "broken/floe.yaml": "metadata: [\n",
        }
    )
    found = find_products(folder / "a")
    assert [location.spec_path.relative_to(folder).as_posix() for location in found] == [
        "a/floe.yaml",
        "b/floe.yaml",
        "broken/floe.yaml",
        "c/d/floe.yaml",
    ]
    assert {location.manifest_path for location in found} == {folder / "manifest.yaml"}
