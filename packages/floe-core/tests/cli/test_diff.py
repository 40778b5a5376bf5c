"""``floe diff``: what became of a product's tables, who breaks, and which version that calls for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testing.command_line import Floe

pytestmark = pytest.mark.xdist_group("cli")
ARTIFACT = "target/floe/compiled_artifacts.json"
Document = dict[str, Any]


def changed(folder: Path, name: str, change: Callable[[Document], None]) -> str:
    """The product's artifact after a change, in a file of its own."""
    document = json.loads((folder / ARTIFACT).read_text(encoding="utf-8"))
    change(document)
    Path(name).write_text(json.dumps(document), encoding="utf-8")
    return name


def model(document: Document, name: str) -> Document:
    found: Document = next(each for each in document["transforms"] if each["name"] == name)
    return found


def without_item(document: Document) -> None:
    columns = model(document, "stg_sales")["columns"]
    columns[:] = [column for column in columns if column["name"] != "item"]


def with_a_bonus(document: Document) -> None:
    columns = model(document, "mart_total")["columns"]
    columns.append({**columns[0], "name": "bonus"})


def of_another_platform(document: Document) -> None:
    document["metadata"]["platform"] = "acme"


def called_otherwise(document: Document) -> None:
    document["metadata"]["product_name"] = "kiosk"


@pytest.mark.requirement("FR-094")
def test_what_breaks_readers_is_told_with_them_and_ends_with_1(
    floe: Floe, in_ran: Path, tmp_path: Path
) -> None:
    told = floe("diff", str(in_ran), changed(in_ran, str(tmp_path / "new.json"), without_item))

    assert (told.status, told.stderr) == (1, "")
    assert told.stdout.splitlines() == [
        "corner-shop: 1.2.0 → 1.2.0",
        "breaking:",
        "  column 'stg_sales.item' is dropped, it was VARCHAR",
        "    nobody on this platform reads it",
        "calls for a major version, 2.0.0",
    ]


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            with_a_bonus,
            [
                "compatible:",
                "  column 'mart_total.bonus' is new, DECIMAL(38,2)",
                "calls for a minor version, 1.3.0",
            ],
        ),
        (of_another_platform, ["calls for a patch version, 1.2.1"]),
        (lambda _: None, ["no difference"]),
    ],
)
def test_what_breaks_nobody_ends_well(
    floe: Floe, in_ran: Path, tmp_path: Path, change: Callable[[Document], None], told: list[str]
) -> None:
    new = changed(in_ran, str(tmp_path / "new.json"), change)

    result = floe("diff", str(in_ran / ARTIFACT), new)

    assert (result.status, result.stderr) == (0, "")
    assert result.stdout.splitlines() == ["corner-shop: 1.2.0 → 1.2.0", *told]


@pytest.mark.requirement("FR-094")
def test_the_document_says_the_same(floe: Floe, in_ran: Path, tmp_path: Path) -> None:
    new = changed(in_ran, str(tmp_path / "new.json"), without_item)

    result = floe("diff", str(in_ran), new, "--output", "json")

    document = result.document
    digests = [document[when].pop("digest") for when in ("before", "after")]
    assert [len(digest) for digest in digests] == [64, 64]
    assert digests[0] != digests[1]
    assert result.status == 1
    assert document == {
        "schema_version": "1",
        "product": "corner-shop",
        "before": {"version": "1.2.0"},
        "after": {"version": "1.2.0"},
        "compatible": False,
        "bump": "major",
        "version": "2.0.0",
        "changes": [
            {
                "kind": "column_dropped",
                "verdict": "breaking",
                "dataset": "corner-shop.stg_sales",
                "table": "stg_sales",
                "column": "item",
                "before": "VARCHAR",
                "after": None,
                "became": None,
                "readers": [],
            }
        ],
        "uncompiled": [],
    }


@pytest.mark.requirement("FR-094")
def test_who_could_not_be_asked_is_told(floe: Floe, in_ran: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("metadata: {name: p}\n")
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader/floe.yaml").write_text("metadata: {name: reader}\n")
    new = changed(in_ran, str(tmp_path / "new.json"), without_item)

    told = floe("diff", str(in_ran / ARTIFACT), new, "--manifest", str(tmp_path))

    assert told.stdout.splitlines()[3:] == [
        "    no compiled product of this platform reads it",
        "not compiled, so not asked: reader",
        "calls for a major version, 2.0.0",
    ]


@pytest.mark.requirement("FR-094", "FR-015")
def test_what_cannot_be_compared_is_said(floe: Floe, in_ran: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.json"
    torn.write_text("{")
    other = changed(in_ran, str(tmp_path / "other.json"), called_otherwise)

    told = [floe("diff", str(in_ran), after).stderr for after in ("nothing.json", str(torn), other)]

    assert [each.splitlines()[0].partition("FLOE-")[2] for each in told] == [
        "E465 no compiled artifact at 'nothing.json'",
        "E466 not a compiled artifact of this version of floe",
        "E467 these are of two products, 'corner-shop' and 'kiosk'",
    ]


@pytest.mark.requirement("FR-094", "FR-016")
def test_a_folder_whose_files_changed_since_it_was_compiled_is_not_compared(floe: Floe, shop: Path) -> None:
    assert floe("compile").status == 0
    Path("released.json").write_bytes(Path(ARTIFACT).read_bytes())
    spec = Path("floe.yaml").read_text(encoding="utf-8")
    Path("floe.yaml").write_text(f"{spec}# another\n", encoding="utf-8")

    told = floe("diff", "released.json", ".")

    assert (told.status, told.stdout) == (2, "")
    lines = told.stderr.splitlines()
    assert lines[0].partition(" FLOE-")[2] == (
        "E214 the compiled artifact does not match its files: floe.yaml changed"
    )
    assert lines[-1] == "  hint: floe compile"
