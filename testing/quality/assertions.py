"""Tests that prove nothing: all they assert is that something exists, or claims success."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from testing.quality.problem import Problem

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_CLAIMS = {"success", "succeeded", "successful", "ok", "passed", "result", "response"}
_STATUSES = {"exit_code", "returncode", "exit_status"}
_EXISTENCE = {"isinstance", "hasattr", "callable", "exists", "is_file", "is_dir"}
_PROVING = ("assert", "expect", "verify", "golden", "raises", "warns", "fnmatch_lines")


def weak_tests(nodes: Sequence[ast.AST]) -> Iterator[Problem]:
    helpers = {node.name for node in nodes if isinstance(node, _Function) and _asserts(node)}
    for node in nodes:
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
            yield Problem(node.lineno, "asserts a constant, which is always true")
        if isinstance(node, _Function) and node.name.startswith("test"):
            yield from _weak(node, helpers)


def _weak(test: _Function, helpers: set[str]) -> Iterator[Problem]:
    asserts = _asserts(test)
    if any(not _is_weak(found.test) for found in asserts) or _proves_by_call(test, helpers):
        return
    what = "asserts only that something exists or claims success" if asserts else "asserts nothing"
    yield Problem(test.lineno, f"'{test.name}' {what}: compare values")


def _asserts(node: ast.AST) -> list[ast.Assert]:
    return [found for found in ast.walk(node) if isinstance(found, ast.Assert)]


def _proves_by_call(test: _Function, helpers: set[str]) -> bool:
    names = {_last_name(node.func) for node in ast.walk(test) if isinstance(node, ast.Call)}
    return any(name in helpers - {test.name} or any(word in name for word in _PROVING) for name in names)


def _is_weak(test: ast.expr) -> bool:
    match test:
        case ast.BoolOp():
            return all(_is_weak(value) for value in test.values)
        case ast.Constant():
            return bool(test.value)
        case ast.Name() | ast.Attribute():
            return _last_name(test) in _CLAIMS
        case ast.Call():
            return _last_name(test.func) in _EXISTENCE
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _is_weak_comparison(left, operator, right)
    return False


def _is_weak_comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> bool:
    value = right.value if isinstance(right, ast.Constant) else ...
    match operator:
        case ast.IsNot() | ast.NotEq() if value is None:
            return True
        case ast.Is() | ast.Eq() if value is True:
            return _last_name(left) in _CLAIMS
        case ast.Eq() if value == 0 and value is not False:
            return _last_name(left) in _STATUSES
        case ast.Gt() | ast.NotEq() if value == 0:
            return _is_length(left)
        case ast.GtE() if value == 1:
            return _is_length(left)
    return False


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _last_name(node.func) == "len"


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
