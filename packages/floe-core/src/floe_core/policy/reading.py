"""From files to policies, with everything that keeps one from being asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from floe_core.errors import Position, Problem, SpecError, in_order
from floe_core.policy.dialect import PolicyReader
from floe_core.policy.policy import Policy
from floe_core.yaml_file import read_bounded


def read_policy(path: Path) -> Policy:
    """Read a policy; raises SpecError with all that keeps it from being one."""
    try:
        source = read_bounded(path).decode("utf-8")
    except UnicodeDecodeError as error:
        hint = "save the file as UTF-8"
        raise SpecError(Problem("FLOE-E103", "not UTF-8", Position.of(path), hint)) from error
    reader = PolicyReader(path, source)
    policy = reader.read()
    if reader.problems:
        raise SpecError(in_order(reader.problems))
    assert policy
    return policy


def read_policies(paths: Iterable[Path]) -> list[Policy]:
    """Read them all; raises SpecError with what is wrong in any of them, and where two have one package."""
    policies: dict[str, Policy] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            policy = read_policy(path)
        except SpecError as error:
            problems += error.problems
            continue
        first = policies.setdefault(policy.package, policy)
        if first is not policy:
            message = f"'{first.path.name}' has package '{policy.package}', too"
            problems.append(Problem("FLOE-E314", message, Position.of(path), "give it another name"))
    if problems:
        raise SpecError(in_order(problems))
    return list(policies.values())
