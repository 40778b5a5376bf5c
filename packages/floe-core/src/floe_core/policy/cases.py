"""A team's cases: what a policy must say of inputs that stand in YAML beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from floe_core.errors import Position, Problem, SpecError, in_order
from floe_core.policy.example import filled
from floe_core.policy.files import CASES_SUFFIX
from floe_core.policy.judge import Question, Verdict, judge
from floe_core.policy.policy import Policy
from floe_core.policy.schema import INPUTS, unknown_key
from floe_core.suggestion import did_you_mean
from floe_core.yaml_file import YamlFile, read_yaml
from floe_core.yaml_reader import YamlPath


@dataclass(frozen=True)
class Case:
    """One input, and the ids that the policy is to deny."""

    name: str
    at: Position
    value: dict[str, Any]
    denied: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """A case with what the policy said."""

    case: Case
    verdict: Verdict

    @property
    def passed(self) -> bool:
        return not self.verdict.failed and set(self.verdict.denied) == set(self.case.denied)


@dataclass(frozen=True)
class Tested:
    """A policy with the outcomes of its cases."""

    policy: Policy
    outcomes: tuple[Outcome, ...]

    @property
    def never_denied(self) -> list[str]:
        """Ids that no passed case denies: whether their rules can ever say no is not known."""
        denied = {id_ for outcome in self.outcomes if outcome.passed for id_ in outcome.case.denied}
        return [id_ for id_ in self.policy.required if id_ not in denied]


def cases_path(policy: Policy) -> Path:
    return policy.path.with_suffix(CASES_SUFFIX)


def run_cases(policies: Sequence[Policy]) -> list[Tested]:
    """Ask each policy about its cases; raises SpecError with all that is wrong in their files."""
    problems: list[Problem] = []
    cases = {policy.path: _read(policy, problems) for policy in policies}
    if problems:
        raise SpecError(in_order(problems))
    asked = [(policy, case) for policy in policies for case in cases[policy.path]]
    verdicts = judge([Question(policy, case.value) for policy, case in asked])
    outcomes: dict[Path, list[Outcome]] = {}
    for (policy, case), verdict in zip(asked, verdicts, strict=True):
        outcomes.setdefault(policy.path, []).append(Outcome(case, verdict))
    return [Tested(policy, tuple(outcomes.get(policy.path, ()))) for policy in policies]


def _read(policy: Policy, problems: list[Problem]) -> list[Case]:
    path = cases_path(policy)
    if not path.is_file():
        return []
    try:
        file = read_yaml(path)
    except SpecError as error:
        problems.extend(error.problems)
        return []
    # Values as dbt reads them from its own YAML files: 'true' is true, '5' a number.
    typed = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    written = typed.get("cases")
    for key in typed:
        if key != "cases":
            problems.append(_unknown(file, (key,), ["cases"]))
    if not isinstance(written, list):
        problems.append(_wrong(file, (), "no list under 'cases'", "write 'cases:' and '- name: …' below it"))
        return []
    return [_case(policy, file, number, case, problems) for number, case in enumerate(written)]


def _case(policy: Policy, file: YamlFile, number: int, case: Any, problems: list[Problem]) -> Case:
    place: YamlPath = ("cases", number)
    said = dict(case) if isinstance(case, dict) else {}
    if not isinstance(said.get("name"), str):
        problems.append(_wrong(file, place, "a case without a name", "write 'name: what is expected'"))
    parts = INPUTS[policy.about].model_fields
    for key in said:
        if key not in ("name", "denied", *parts):
            problems.append(_unknown(file, (*place, key), ["name", "denied", *parts]))
    problems += _unknown_below(policy, file, place)
    denied = said.get("denied") or []
    for id_ in denied if isinstance(denied, list) else ():
        if id_ not in policy.required:
            hint = did_you_mean(str(id_), policy.required)
            message = f"'{id_}' is not required by '{policy.path.name}'"
            problems.append(_wrong(file, (*place, "denied"), message, hint))
    if not isinstance(denied, list):
        problems.append(_wrong(file, (*place, "denied"), "not a list of ids", "write 'denied: [ID]'"))
        denied = []
    value = filled(policy.about, {key: said[key] for key in parts if key in said})
    return Case(str(said.get("name")), file.at(place), value, tuple(map(str, denied)))


def _unknown_below(policy: Policy, file: YamlFile, place: YamlPath) -> Iterator[Problem]:
    """Keys within the parts of a case that no input has."""
    parts = INPUTS[policy.about].model_fields
    for path in file.values:
        within = [key if isinstance(key, str) else None for key in path[len(place) :]]
        if path[: len(place)] != place or len(within) < 2 or within[0] not in parts:
            continue
        found = unknown_key(policy.about, within)
        if found and unknown_key(policy.about, within[:-1]) is None:
            yield _unknown(file, path, found[1])


def _unknown(file: YamlFile, place: YamlPath, known: Sequence[str]) -> Problem:
    key = str(place[-1])
    at = file.at(place, key=True)
    return Problem("FLOE-E315", f"unknown key '{key}'", at, did_you_mean(key, known))


def _wrong(file: YamlFile, place: YamlPath, message: str, hint: str | None) -> Problem:
    return Problem("FLOE-E315", message, file.at(place), hint)
