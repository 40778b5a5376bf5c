"""Calls and markers that no test may use."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from testing.quality.problem import Problem

_SKIPS = {
    "pytest.skip",
    "pytest.xfail",
    "pytest.importorskip",
    "pytest.mark.skip",
    "pytest.mark.skipif",
    "pytest.mark.xfail",
    "unittest.skip",
    "unittest.skipIf",
    "unittest.skipUnless",
    "unittest.expectedFailure",
    "self.skipTest",
}
_SLEEPS = {"time.sleep", "asyncio.sleep"}
_OURS = "floe"


def forbidden_calls(nodes: Sequence[ast.AST]) -> Iterator[Problem]:
    origins = _imported(nodes)
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Name):
            yield from _forbidden_name(node, origins)
        if isinstance(node, ast.Call):
            yield from _dry_run(node)
            yield from _mock_of_ours(node, origins)
            yield from _database_file(node, origins)


def _forbidden_name(node: ast.Attribute | ast.Name, origins: Mapping[str, str]) -> Iterator[Problem]:
    name = _full_name(node, origins)
    if name in _SKIPS:
        yield Problem(node.lineno, f"'{name}': a test runs or fails, it is never skipped")
    if name in _SLEEPS:
        yield Problem(node.lineno, f"'{name}': poll the condition instead (testing.polling.wait_for)")


def _dry_run(call: ast.Call) -> Iterator[Problem]:
    for keyword in call.keywords:
        if keyword.arg == "dry_run" and ast.unparse(keyword.value) == "True":
            yield Problem(call.lineno, "'dry_run=True': do it and look at what it did")


def _mock_of_ours(call: ast.Call, origins: Mapping[str, str]) -> Iterator[Problem]:
    name = _full_name(call.func, origins)
    if not call.args or not name.endswith((".patch", ".patch.object", ".patch.dict", "monkeypatch.setattr")):
        return
    target = call.args[0]
    if isinstance(target, ast.Constant):
        replaced = str(target.value)
        attribute = replaced.rsplit(".", 1)[-1]
    else:
        replaced = _full_name(target, origins)
        attribute = _text(call.args[1]) if len(call.args) > 1 else ""
    if replaced.startswith(_OURS) and not attribute.isupper():  # a constant may be made small
        yield Problem(call.lineno, f"replaces '{replaced}': use the real code, not a mock of it")


def _database_file(call: ast.Call, origins: Mapping[str, str]) -> Iterator[Problem]:
    if _full_name(call.func, origins) == "duckdb.connect" and call.args and _text(call.args[0]) != ":memory:":
        yield Problem(call.lineno, "'duckdb.connect(file)': tables are read through the Iceberg catalog")


def _imported(nodes: Sequence[ast.AST]) -> dict[str, str]:
    """What each imported name stands for."""
    origins: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            origins.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            origins.update(
                {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            )
    return origins


def _full_name(node: ast.AST, origins: Mapping[str, str]) -> str:
    """The dotted name with its import spelled out; empty for anything but a name."""
    if isinstance(node, ast.Attribute):
        before = _full_name(node.value, origins)
        return f"{before}.{node.attr}" if before else ""
    return origins.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
