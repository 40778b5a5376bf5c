"""Asking policies in a process of its own. Whatever is no clear answer denies.

A process that has loaded the engine aborts when it imports DuckDB (regopy 1.5.2, duckdb 1.5.5), so nothing
but the worker imports it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from floe_core.errors import Position, Problem, SpecError, in_order
from floe_core.policy.policy import Policy
from floe_core.policy.schema import INPUTS, input_schema

LIMIT_S = 10
"""What all questions of one compile may take, in seconds of the processor, and 10 ms for each question."""

_WALL = 12  # a machine that is busy with other things is no slow policy
_KEPT = ("LD_LIBRARY_PATH",)  # where an interpreter of its own finds its libraries


@dataclass(frozen=True)
class Question:
    """A policy and the input it is asked about."""

    policy: Policy
    value: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """The ids that are not proven; ``failed`` says why none is, where the policy gave no answer."""

    denied: tuple[str, ...]
    failed: str | None = None


def judge(questions: Sequence[Question], *, limit_s: int = LIMIT_S) -> list[Verdict]:
    """The verdicts in the order of the questions. Raises SpecError for policies that do not compile.

    A policy that ends or blocks the process is not asked again; the others are.
    """
    verdicts: dict[int, Verdict] = {}
    left = list(range(len(questions)))
    while left:
        chosen = [questions[place] for place in left]
        answers, ending = _ask(chosen, limit_s + len(left) // 100)
        verdicts |= {
            place: _verdict(questions[place].policy, answer)
            for place, answer in zip(left, answers, strict=False)
        }
        left = left[len(answers) :]
        if left:
            culprit = questions[left[0]].policy
            mute = [place for place in left if questions[place].policy is culprit]
            verdicts |= {place: Verdict(culprit.required, ending) for place in mute}
            left = [place for place in left if place not in mute]
    return [verdicts[place] for place in range(len(questions))]


def check(policies: Sequence[Policy]) -> None:
    """Raise SpecError for the policies that the engine does not take."""
    _ask([Question(policy, {}) for policy in policies], LIMIT_S)


def _ask(questions: Sequence[Question], limit_s: int) -> tuple[list[dict[str, Any]], str]:
    """The answers that came, and how the process ended."""
    policies = list(dict.fromkeys(question.policy.path for question in questions))
    by_path = {question.policy.path: question.policy for question in questions}
    request = {
        "limit_s": limit_s,
        "schemas": {about: input_schema(about) for about in INPUTS},
        "policies": [
            {"package": policy.package, "about": policy.about, "source": policy.source}
            for policy in (by_path[path] for path in policies)
        ],
        "questions": [[policies.index(question.policy.path), question.value] for question in questions],
    }
    output, ending = _call(json.dumps(request), limit_s)
    said = [json.loads(line) for line in output.splitlines() if line.endswith("}")]
    refused = [answer["refused"] for answer in said if "refused" in answer]
    if refused:
        raise SpecError(
            in_order(
                Problem("FLOE-E314", f"not Rego: {message}", Position.of(policies[number]))
                for number, message in refused
            )
        )
    return said, ending


def _call(request: str, limit_s: int) -> tuple[str, str]:
    command = [sys.executable, "-I", "-m", "floe_core.policy.worker"]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    slow = f"it gave no answer in {limit_s} s"
    try:
        output, _ = process.communicate(request, timeout=limit_s * _WALL)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        return output, slow
    finally:
        process.kill()  # where it has ended by itself, nothing happens
        process.wait()
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return output, slow
    return output, f"it ended the process that asked it, with status {process.returncode}"


def _verdict(policy: Policy, answer: dict[str, Any]) -> Verdict:
    if "failed" in answer:
        return Verdict(policy.required, answer["failed"])
    return Verdict(tuple(answer["denied"]))
