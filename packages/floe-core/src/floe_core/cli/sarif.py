"""Problems as SARIF 2.1.0, which code scanners' views and editors read."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from floe_core.cli.explanations import explanation
from floe_core.cli.github import repository_path
from floe_core.errors import Position, Problem

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_document(problems: Sequence[Problem]) -> dict[str, Any]:
    """One run of floe with all problems, each code a rule with its explanation."""
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "floe", "version": version("floe-core"), "rules": [_rule(code) for code in codes]}
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    page = explanation(code)
    return {
        "id": code,
        "shortDescription": {"text": page.title},
        "help": {"text": page.text, "markdown": page.text},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    hint = f"\nhint: {problem.hint}" if problem.hint else ""
    result = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": problem.message + hint},
    }
    return {**result, "locations": [_location(problem.at)]} if problem.at else result


def _location(at: Position) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(repository_path(at.file))},
            "region": {"startLine": at.line, "startColumn": at.column},
        }
    }
