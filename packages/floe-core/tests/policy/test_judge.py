"""Policies are asked in a process of their own, and everything but a clear answer denies."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from floe_core.policy.example import filled
from floe_core.policy.judge import Question, Verdict, judge
from floe_core.policy.policy import Policy
from floe_core.policy.reading import read_policy

HEAD = "package floe.model.{name}\n\nimport rego.v1\n\n"
CLOSED = (
    HEAD.format(name="gold")
    + """
required := {"steward", "no secret", "tested", "described", "small"}

proven contains "steward" if {
	is_string(input.model.meta.steward)
	count(input.model.meta.steward) > 0
}

proven contains "no secret" if input.model.meta.secret == false

proven contains "tested" if {
	some test in input.model.tests
	test.blocking == true
}

proven contains "described" if {
	count(input.model.columns) > 0
	every column in input.model.columns { count(column.description) > 3 }
}

proven contains "small" if count(input.model.reads) <= 3

deny := required - proven
"""
)
DENY_STYLE = """
package floe.plain

import rego.v1

default allow := false

allow if count(deny) == 0

deny contains "steward" if input.model.meta.steward == ""

deny contains "no secret" if input.model.meta.secret == true

deny contains "tested" if {
	some test in input.model.tests
	test.blocking == false
}

deny contains "described" if {
	some column in input.model.columns
	count(column.description) <= 3
}

deny contains "small" if count(input.model.reads) > 3
"""
GOOD = {
    "name": "mart",
    "layer": "gold",
    "meta": {"steward": "ann", "secret": False},
    "tests": [{"name": "unique", "blocking": True}],
    "columns": [{"name": "id", "description": "Whose it is."}],
    "reads": [{"name": "int_a", "kind": "model", "layer": "silver"}],
}
Write = Callable[[str, str], Policy]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_policy(name: str, source: str) -> Policy:
        path = tmp_path / f"{name}.rego"
        path.write_text(source)
        return read_policy(path)

    return write_policy


def model(**said: Any) -> dict[str, Any]:
    return filled("model", {"model": said})


def proving(name: str, condition: str) -> str:
    return (
        f'{HEAD.format(name=name)}required := {{"a"}}\nproven contains "a" if {{\n{condition}\n}}\n'
        "deny := required - proven\n"
    )


@pytest.mark.requirement("WU-6")
def test_what_is_missing_or_odd_is_not_proven(write: Write) -> None:
    policy = write("gold", CLOSED)
    inputs = [
        model(**GOOD),
        model(**{**GOOD, "meta": {}}),
        model(**{**GOOD, "meta": {"steward": 5, "secret": "no"}}),
        model(**{**GOOD, "columns": [], "tests": []}),
    ]
    assert judge([Question(policy, value) for value in inputs]) == [
        Verdict(()),
        Verdict(("no secret", "steward")),
        Verdict(("no secret", "steward")),
        Verdict(("described", "tested")),
    ]


@pytest.mark.requirement("WU-6")
def test_an_input_that_does_not_fit_its_schema_is_not_even_asked_about(write: Write) -> None:
    value = model(**GOOD)
    del value["model"]["tests"]
    [verdict] = judge([Question(write("gold", CLOSED), value)])
    assert verdict.failed == "its input is not one: model: 'tests' is a required property"
    assert verdict.denied == ("steward", "no secret", "tested", "described", "small")


@pytest.mark.requirement("WU-6")
def test_a_policy_that_errs_or_is_too_slow_denies_and_the_others_still_answer(write: Write) -> None:
    errs = write("errs", proving("errs", "\tto_number(input.model.name) > 0"))
    loops = "".join(f"\tsome x{place} in numbers\n" for place in range(7))
    total = " + ".join(f"x{place}" for place in range(7))
    numbers = f"numbers := {list(range(20))}\n"
    slow = write("slow", proving("slow", f"{loops}\t{total} == 134") + numbers)
    gold = write("gold", CLOSED)
    value = model(**GOOD)
    verdicts = judge([Question(each, value) for each in (errs, slow, slow, gold)], limit_s=1)
    assert verdicts[1:] == [
        Verdict(("a",), "it gave no answer in 1 s"),
        Verdict(("a",), "it gave no answer in 1 s"),
        Verdict(()),
    ]
    assert verdicts[0].denied == ("a",)
    assert str(verdicts[0].failed).startswith("it fails: ")


@pytest.mark.requirement("WU-6", "FR-066")
def test_the_process_that_asks_has_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a policy that came past the dialect: ``opa.runtime`` gives away what it can see."""
    monkeypatch.setenv("FLOE_TEST_SECRET", "hush")
    sources = {name: proving(name, f"\topa.runtime().env.{name}") for name in ("FLOE_TEST_SECRET", "HOME")}
    seen = [Policy(Path(name), "model", name, text, ("a",), {}, {}) for name, text in sources.items()]
    assert judge([Question(policy, model(**GOOD)) for policy in seen]) == [Verdict(("a",))] * 2


@pytest.mark.requirement("WU-6")
def test_floe_that_runs_under_a_tighter_limit_of_time_asks_all_the_same() -> None:
    request = {
        "limit_s": 10,
        "schemas": {"model": {}},
        "policies": [{"package": "floe.model.gold", "about": "model", "source": CLOSED}],
        "questions": [[0, model(**{**GOOD, "tests": []})]],
    }
    limited = ["sh", "-c", 'ulimit -t 8 && exec "$0" -I -m floe_core.policy.worker', sys.executable]
    done = subprocess.run(limited, input=json.dumps(request), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, '{"denied": ["tested"]}\n')


PAGE = Path(__file__).parents[4] / "docs/policies.md"


@pytest.mark.requirement("WU-6")
def test_the_policy_of_the_page_lets_no_model_through_of_which_nothing_is_known(write: Write) -> None:
    source = PAGE.read_text().partition("```rego\n")[2].partition("```")[0]
    policy = write("stewardship", source)
    silent = model(name="mart", layer="gold")
    assert judge([Question(policy, value) for value in (silent, model(**GOOD))]) == [
        Verdict(("described columns", "steward")),
        Verdict(()),
    ]


@pytest.mark.requirement("WU-6")
def test_mutated_inputs_are_never_allowed_unless_an_oracle_allows_them(write: Write) -> None:
    """Beside it, the negative control: the same rules as a plain deny-style policy let many through."""
    dice = random.Random(7)
    values = [_mutated(dice) for _ in range(400)]
    allowed = [not verdict.denied for verdict in judge([Question(write("gold", CLOSED), v) for v in values])]
    wanted = [_oracle(value) for value in values]
    assert sum(a and not w for a, w in zip(allowed, wanted, strict=True)) == 0
    assert allowed == wanted
    assert 20 < sum(wanted) < 200  # both answers occur often
    plain = _plainly_allowed(values)
    assert sum(a and not w for a, w in zip(plain, wanted, strict=True)) > 100


_ODD: tuple[Any, ...] = (None, 5, "", "x", [], {}, True, False, [1], {"a": "b"}, [{"name": 1}])


def _mutated(dice: random.Random) -> dict[str, Any]:
    """A good input with one or two things changed, most of them as the schema allows."""
    value = copy.deepcopy(model(**GOOD))
    said = value["model"]
    for _ in range(dice.choice((0, 1, 1, 2))):
        key = dice.choice(("meta", "meta", "tests", "columns", "reads"))
        if dice.random() < 0.15:
            said[key] = dice.choice(_ODD)
        elif dice.random() < 0.1:
            said.pop(key, None)
        elif key == "meta" and isinstance(said.get("meta"), dict):
            name = dice.choice(("steward", "secret", "else"))
            said["meta"][name] = dice.choice(_ODD)
            if dice.random() < 0.5:
                del said["meta"][name]
        elif key == "tests":
            said[key] = [{"name": "t", "blocking": dice.choice((True, False))}] * dice.choice((0, 1, 2))
        elif key == "columns":
            column = {"name": "c", "meta": {}, "tags": [], "description": dice.choice(("long", "no", ""))}
            said[key] = [column, {k: v for k, v in column.items() if k != dice.choice((*column, "none"))}]
        else:
            said[key] = [{"name": "r", "kind": "model"}] * dice.choice((0, 3, 4))
    return value


def _oracle(value: dict[str, Any]) -> bool:
    """The same rules in Python, a wrong type or a missing key being a no."""
    said = value["model"]
    try:
        columns, tests, reads, meta = said["columns"], said["tests"], said["reads"], said["meta"]
        lists = all(type(part) is list for part in (columns, tests, reads)) and type(meta) is dict
        return (
            lists
            and type(meta["steward"]) is str
            and meta["steward"] != ""
            and meta["secret"] is False
            and all(set(test) == {"name", "blocking"} for test in tests)
            and any(test["blocking"] is True for test in tests)
            and columns != []
            and all({"name", "meta", "tags"} <= set(c) and len(c["description"]) > 3 for c in columns)
            and len(reads) <= 3
            and all({"name", "kind"} <= set(read) for read in reads)
        )
    except (KeyError, TypeError):
        return False


def _plainly_allowed(values: Sequence[dict[str, Any]]) -> list[bool]:
    """What the plain policy says, in another process: the engine and DuckDB get on in none."""
    program = (
        "import json, sys\nfrom regopy import Interpreter\npolicy, values = json.load(sys.stdin)\n"
        "engine = Interpreter()\nengine.strict_built_in_errors = True\nengine.add_module('plain', policy)\n"
        "def answer(value):\n    engine.set_input(value)\n"
        "    return str(engine.query('data.floe.plain.allow'))\n"
        "print(json.dumps([answer(value) for value in values]))\n"
    )
    asked = json.dumps([DENY_STYLE, values])
    done = subprocess.run(
        [sys.executable, "-c", program], input=asked, capture_output=True, text=True, check=True
    )
    return [answer == '{"expressions":[true]}' for answer in json.loads(done.stdout)]
