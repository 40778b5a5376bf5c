"""Problems for code scanners."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from floe_core.cli.sarif import sarif_document
from floe_core.errors import Position, Problem
from testing.command_line import Floe


def mapping(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
MESSAGE = mapping({"text": TEXT}, {"markdown": TEXT})
REGION = mapping(
    {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}}
)
FILE = mapping({"uri": {"type": "string", "pattern": r"^[\w./~%-]+$"}})
PLACE = mapping({"physicalLocation": mapping({"artifactLocation": FILE, "region": REGION})})
RULE = mapping({"id": {"pattern": r"^FLOE-E\d{3}$"}, "shortDescription": MESSAGE, "help": MESSAGE})
RESULT = mapping(
    {
        "ruleId": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": MESSAGE,
    },
    {"locations": {"type": "array", "items": PLACE}},
)
RUN = mapping(
    {
        "tool": mapping({"driver": mapping({"name": TEXT, "version": TEXT, "rules": {"items": RULE}})}),
        "results": {"type": "array", "items": RESULT},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    }
)
# what the specification of SARIF 2.1.0 requires of the parts that are used, and nothing that it does not know
SARIF = mapping(
    {
        "$schema": {"pattern": r"/sarif-schema-2\.1\.0\.json$"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN},
    }
)


@pytest.mark.requirement("FR-015")
def test_every_problem_is_a_result_with_its_rule_and_its_place() -> None:
    document = sarif_document(
        [
            Problem(
                "FLOE-E201", "retension: unknown key", Position("größe/floe.yaml", 3, 7), "did you mean …?"
            ),
            Problem("FLOE-E301", "no spans", severity="warning"),
            Problem("FLOE-E201", "x: unknown key", Position("floe.yaml", 1, 1)),
        ]
    )
    Draft202012Validator(SARIF).validate(document)
    [run] = document["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["FLOE-E201", "FLOE-E301"]
    assert run["tool"]["driver"]["rules"][0]["shortDescription"] == {"text": "unknown key"}
    assert [(each["ruleId"], each["ruleIndex"], each["level"]) for each in run["results"]] == [
        ("FLOE-E201", 0, "error"),
        ("FLOE-E301", 1, "warning"),
        ("FLOE-E201", 0, "error"),
    ]
    assert run["results"][0]["message"] == {"text": "retension: unknown key\nhint: did you mean …?"}
    assert run["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "gr%C3%B6%C3%9Fe/floe.yaml"},
        "region": {"startLine": 3, "startColumn": 7},
    }
    assert "locations" not in run["results"][1]


@pytest.mark.requirement("FR-015")
def test_compile_prints_sarif_alone_on_standard_output(
    floe: Floe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/floe.yaml").write_text("metadata: {name: shop}\nschedul: {every: 1h}\n")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "shop")
    result = floe("compile", "--format", "sarif")
    document = json.loads(result.stdout)
    Draft202012Validator(SARIF).validate(document)
    [problem] = document["runs"][0]["results"]
    assert problem["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "shop/floe.yaml"}
    assert result.status == 2
    assert "floe.yaml:2:1: FLOE-E201 schedul: unknown key" in result.stderr


@pytest.mark.requirement("FR-015")
def test_two_documents_at_once_are_refused(floe: Floe) -> None:
    result = floe("compile", "--format", "sarif", "--output", "json")
    assert result.status == 2
    assert (
        result.document["problems"][0]["message"] == "'--format sarif' and '--output json' are two documents"
    )
