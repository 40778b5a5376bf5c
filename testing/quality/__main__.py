"""``python -m testing.quality``: the same rules as at collection, over conftests too."""

from __future__ import annotations

from testing.quality.reading import problems_of_file
from testing.sources import conftests, modules_with_tests

problems = [problem for file in [*modules_with_tests(), *conftests()] for problem in problems_of_file(file)]
print("\n".join(problems) or "no test does what tests must not do")
raise SystemExit(bool(problems))
