"""Reads a test module and says everything that is wrong with it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

from testing.quality.assertions import weak_tests
from testing.quality.calls import forbidden_calls
from testing.quality.problem import Problem

_UNFINISHED = re.compile(r"\b(TODO|FIXME)\b")


def problems_of_file(path: Path) -> list[str]:
    return problems_of_source(path.read_text(encoding="utf-8"), str(path))


def problems_of_source(source: str, name: str) -> list[str]:
    """One line for each problem, as file:line, sorted by line."""
    nodes = list(ast.walk(ast.parse(source, name)))  # once: to walk costs as much as to parse
    found = {*_unfinished(source, nodes), *forbidden_calls(nodes), *weak_tests(nodes)}
    return [f"{name}:{problem.line}: {problem.text}" for problem in sorted(found)]


def _unfinished(source: str, nodes: Sequence[ast.AST]) -> Iterator[Problem]:
    if not _UNFINISHED.search(source):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (found := _UNFINISHED.search(token.string)):
            yield Problem(token.start[0], f"'{found[1]}': finish it, or take the test out")
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            found := _UNFINISHED.search(ast.get_docstring(node) or "")
        ):
            yield Problem(getattr(node, "lineno", 1), f"'{found[1]}' in a docstring: finish it")
