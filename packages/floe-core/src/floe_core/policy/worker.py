"""The process that asks policies: no environment, a bound on its time and memory, answers line by line.

It reads one JSON document, ``{"limit_s", "schemas": {about: schema}, "policies": [{"package", "about",
"source"}], "questions": [[policy, input]]}``, and answers ``{"refused": [policy, message]}`` or, for each
question in turn, ``{"denied": [id]}`` or ``{"failed": message}``.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from regopy import Bundle, Interpreter, RegoError

_MEMORY_BYTES = 2 << 30


class Engine:
    """One policy, compiled once."""

    def __init__(self, package: str, source: str) -> None:
        self._rego = Interpreter()
        self._rego.strict_built_in_errors = True
        self._rego.add_module("policy", source)
        rules = (f"data.{package}.{name}" for name in ("required", "proven", "deny"))
        self._bundle: Bundle = self._rego.build(f"[{', '.join(rules)}]")
        if not self._bundle.ok():
            raise ValueError(f"does not compile: {self._bundle.node()}")

    def answer(self, value: dict[str, Any]) -> dict[str, Any]:
        """The ids that are denied, or why that cannot be said: undefined is no answer."""
        self._rego.set_input(value)
        output = self._rego.query_bundle(self._bundle)
        if not output.ok():
            return {"failed": f"it fails: {_one_line(str(output))}"}
        found = output.results[0].expressions if output.results else []
        if len(found) != 1 or not isinstance(found[0], list) or len(found[0]) != 3:
            return {"failed": "its answer is undefined"}
        required, proven, deny = (set(part) for part in found[0])
        if deny != required - proven or not required:
            return {"failed": "what it denies is not what is required and not proven"}
        return {"denied": sorted(deny)}


def main() -> None:
    request = json.load(sys.stdin)
    _bound(resource.RLIMIT_CPU, request["limit_s"], request["limit_s"] + 1)
    _bound(resource.RLIMIT_AS, _MEMORY_BYTES, _MEMORY_BYTES)
    validators = {about: Draft202012Validator(schema) for about, schema in request["schemas"].items()}
    policies, engines = request["policies"], dict[int, Engine]()
    for number, policy in enumerate(policies):
        try:
            engines[number] = Engine(policy["package"], policy["source"])
        except (RegoError, ValueError) as error:
            _say({"refused": [number, _one_line(str(error))]})
    for number, value in request["questions"]:
        wrong = best_match(validators[policies[number]["about"]].iter_errors(value))
        _say({"failed": _misfit(wrong)} if wrong else _answer(engines.get(number), value))


def _bound(what: int, soft: int, hard: int) -> None:
    """Set a limit; one that floe was started under and that is tighter stays, as nobody may raise it."""
    inherited = resource.getrlimit(what)[1]
    most = hard if inherited == resource.RLIM_INFINITY else min(hard, inherited)
    resource.setrlimit(what, (min(soft, most), most))


def _answer(engine: Engine | None, value: dict[str, Any]) -> dict[str, Any]:
    if engine is None:
        return {"failed": "it does not compile"}
    try:
        return engine.answer(value)
    except (RegoError, ValueError, TypeError) as error:
        return {"failed": f"it fails: {_one_line(str(error))}"}


def _misfit(error: ValidationError) -> str:
    return f"its input is not one: {error.json_path.removeprefix('$.')}: {error.message}"


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
