"""``floe policy test``: what it says of policies and their cases, and with which exit status it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.command_line import Floe, write

OWNED = """\
package floe.product.owned

import rego.v1

required := {"a team", "a version"}

proven contains "a team" if endswith(input.product.owner, "@acme.example")

proven contains "a version" if count(input.product.version) > 0

deny := required - proven
"""
CASES = """\
cases:
  - name: a team owns it
    product: {owner: till@acme.example, version: 1.0.0}
  - name: nobody owns it
    product: {version: 1.0.0}
    denied: [a team]
"""


@pytest.fixture
def platform(tmp_path: Path, floe: Floe) -> Path:
    write(tmp_path, {"manifest.yaml": "metadata: {name: acme}\n"})
    return tmp_path


@pytest.mark.requirement("WU-6", "FR-015")
def test_without_policies_it_says_where_they_are_to_lie(floe: Floe, platform: Path) -> None:
    result = floe("policy", "test")
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == (
        "FLOE-E316 no policies in 'policies'\n  hint: write 'policies/NAME.rego'; docs/policies.md says how\n"
    )


@pytest.mark.requirement("WU-6")
def test_cases_that_pass_that_fail_and_that_are_missing_are_told(floe: Floe, platform: Path) -> None:
    wrong = CASES.replace("denied: [a team]", "denied: [a version]")
    for name, cases in {"bare": None, "kept": CASES, "wrong": wrong}.items():
        policy = OWNED.replace("product.owned", f"product.{name}")
        write(platform, {f"policies/{name}.rego": policy})
        if cases:
            write(platform, {f"policies/{name}.cases.yaml": cases})
    result = floe("policy", "test")
    assert (result.status, result.stderr) == (1, "")
    assert result.stdout == (
        "policies/bare.rego: no cases; write policies/bare.cases.yaml\n"
        "policies/kept.rego\n"
        "  ok      a team owns it\n"
        "  ok      nobody owns it\n"
        "  no case denies 'a version'\n"
        "policies/wrong.rego\n"
        "  ok      a team owns it\n"
        "  failed  nobody owns it\n"
        "          policies/wrong.cases.yaml:4:5: denied 'a team', expected 'a version'\n"
        "  no case denies 'a team'\n"
        "  no case denies 'a version'\n"
        "4 cases: 3 passed, 1 failed\n"
    )
    write(platform, {"policies/wrong.cases.yaml": CASES})
    assert floe("policy", "test").status == 0


ODD = """\
cases:
  - name: a team owns it
    prodcut: {}
  - product: {vresion: 1.0.0}
    denied: [a taem]
case: []
"""


@pytest.mark.requirement("WU-6", "FR-015")
def test_all_that_is_wrong_in_a_file_of_cases_is_told_at_its_place(floe: Floe, platform: Path) -> None:
    write(platform, {"policies/owned.rego": OWNED, "policies/owned.cases.yaml": ODD})
    result = floe("policy", "test")
    assert (result.status, result.stdout) == (2, "")
    place = "policies/owned.cases.yaml"
    assert [line for line in result.stderr.splitlines() if line.startswith((place, "  hint:"))] == [
        f"{place}:3:5: FLOE-E315 unknown key 'prodcut'",
        "  hint: did you mean 'product'?",
        f"{place}:4:5: FLOE-E315 a case without a name",
        "  hint: write 'name: what is expected'",
        f"{place}:4:15: FLOE-E315 unknown key 'vresion'",
        "  hint: did you mean 'version'?",
        f"{place}:5:13: FLOE-E315 'a taem' is not required by 'owned.rego'",
        "  hint: did you mean 'a team'?",
        f"{place}:6:1: FLOE-E315 unknown key 'case'",
        "  hint: did you mean 'cases'?",
    ]
