"""Whether every requirement that is due has a test: ``python -m testing.traceability --all``."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from testing import requirements
from testing.sources import ROOT, modules_with_tests


@dataclass(frozen=True)
class Trace:
    """What the tests prove of the list. ``tests`` counts them by requirement."""

    tests: Mapping[str, int]
    known: Mapping[str, str]
    not_yet_due: frozenset[str]

    @property
    def due(self) -> list[str]:
        return [name for name in self.known if name not in self.not_yet_due]

    @property
    def missing(self) -> list[str]:
        return [name for name in self.due if name not in self.tests]

    @property
    def percent(self) -> float:
        return 100.0 * (len(self.due) - len(self.missing)) / len(self.due) if self.due else 100.0

    @property
    def mistakes(self) -> list[str]:
        """What is wrong in the lists or the markers, whatever the threshold."""
        unknown = sorted((self.not_yet_due | self.tests.keys()) - self.known.keys())
        tested = sorted(self.not_yet_due & self.tests.keys())
        return [
            *(f"'{name}' is no known requirement" for name in unknown),
            *(f"'{name}' has a test: take it out of not_yet_due.txt" for name in tested),
        ]


def trace(files: Iterable[Path]) -> Trace:
    """Read the markers of the test files, without importing them."""
    tests: dict[str, int] = {}
    for file in files:
        for name in marked(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            tests[name] = tests.get(name, 0) + 1
    return Trace(tests, requirements.known(), requirements.not_yet_due())


def marked(tree: ast.AST) -> list[str]:
    """The ids in every ``pytest.mark.requirement(...)`` below ``tree``."""
    return [
        requirements.canonical(argument.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.traceability", description=__doc__)
    parser.add_argument("--all", action="store_true", help="list every requirement")
    parser.add_argument("--threshold", type=float, default=100.0, help="percent of the due ones")
    options = parser.parse_args(arguments)
    found = trace(modules_with_tests(ROOT))
    _print(found, everything=options.all)
    return int(bool(found.mistakes) or found.percent < options.threshold)


def _print(found: Trace, *, everything: bool) -> None:
    if everything:
        for name, title in found.known.items():
            state = "later" if name in found.not_yet_due else str(found.tests.get(name, "NONE"))
            print(f"{name:8} {state:>5}  {title}")
    for name in found.missing:
        print(f"no test: {name} {found.known[name]}")
    for mistake in found.mistakes:
        print(f"mistake: {mistake}")
    print(
        f"{len(found.due) - len(found.missing)} of {len(found.due)} due requirements have a test"
        f" ({found.percent:.1f} %), {len(found.not_yet_due)} are not yet due"
    )


if __name__ == "__main__":
    raise SystemExit(main())
