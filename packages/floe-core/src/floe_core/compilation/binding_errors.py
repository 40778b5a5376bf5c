"""Templates that do not render and SQL that does not bind, told at the line somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from floe_core.compilation.dbt_project import PROJECT_FILE
from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.compilation.source_files import pipes
from floe_core.compilation.source_line import SourceLine, nearest_line, source_line
from floe_core.errors import Position, Problem
from floe_core.plugins.compute import BindError, Relation
from floe_core.plugins.dbt import CompiledNode, ParsedNode

_EXCERPT = 60  # characters of compiled SQL in a message


def template_error(plan: Plan, node: ParsedNode, compiled: CompiledNode) -> Problem:
    code, says = ("FLOE-E415", "") if node.resource_type == "seed" else ("FLOE-E406", " does not render")
    return Problem(code, f"{noun(node)}{says}: {compiled.error}", plan.at(node, compiled.error_line))


def bind_error(plan: Plan, node: ParsedNode, compiled: CompiledNode, error: BindError) -> Problem:
    if compiled.sql is None and (wrong := _no_type(plan, node)):
        return wrong
    if node.resource_type == "source":
        return _source_error(plan, node, error)
    message, hint = _words(error, {other.alias for other in plan.project.nodes})
    sql = (compiled.incremental_sql if error.incremental else compiled.sql) or ""
    at, exact = _place(plan, node, sql, error)
    if not exact:
        message = f"{message}, in {_excerpt(sql, error)}"
    if error.incremental:
        message += " (where is_incremental() is true)"
    return Problem("FLOE-E407", f"{noun(node)}: {message}", at, hint)


def pipe_errors(plan: Plan, relations: Iterable[Relation]) -> Iterator[Problem]:
    """Sources that are pipes or devices, told before anything reads them."""
    nodes = {node.unique_id: node for node in plan.project.nodes if node.resource_type == "source"}
    for relation in relations:
        if relation.sql and (node := nodes.get(relation.unique_id)):
            for name in pipes(relation.sql, plan.dbt_location.project_dir):
                message = f"'{name}' is a pipe or a device, no file"
                yield _source_error(plan, node, BindError(message))


def _source_error(plan: Plan, node: ParsedNode, error: BindError) -> Problem:
    """A file that is not there or not to be read; ``meta: {fetch: ...}`` is the command that brings it."""
    message, _ = _words(error, set())
    fetch = node.meta.get("fetch")
    hint = f"run: {fetch}" if fetch else f"a relative path starts at {PROJECT_FILE}"
    line = _line_naming(node.name, plan.dbt_location.project_dir / node.path)
    return Problem("FLOE-E416", f"{noun(node)}: {message}", plan.at(node, line), hint)


def _no_type(plan: Plan, node: ParsedNode) -> Problem | None:
    """The first described column whose type the engine does not know, or no table can hold."""
    for name, kind in node.columns:
        if kind and plan.plugins.compute.type_name(kind) is None:
            message = f"column '{node.name}.{name}' has data_type '{kind}', which is no type of a table"
            hint = "write a type of the engine, such as 'data_type: bigint'"
            return Problem("FLOE-E476", message, described_at(plan, node, name), hint)
    return None


def _line_naming(name: str, file: Path) -> int:
    """The first line of a YAML file with this ``name:``, else 1."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    wanted = re.compile(rf"\bname:\s*['\"]?{re.escape(name)}\b")
    return next((number for number, line in enumerate(lines, 1) if wanted.search(line)), 1)


def _place(plan: Plan, node: ParsedNode, sql: str, error: BindError) -> tuple[Position, bool]:
    """Where the SQL comes from, and whether it stands there as it is or is what something there renders."""
    path = plan.dbt_location.project_dir / node.path
    if path.suffix != ".sql":
        return _described_test(plan, node), False
    raw = path.read_text(encoding="utf-8", errors="replace")
    if found := source_line(raw, sql, error.line, error.column):
        return plan.at(node, found.line, found.column), _stands_there(raw, found, sql, error)
    return plan.at(node, nearest_line(raw, sql, error.line, error.column)), False


def _stands_there(raw: str, found: SourceLine, sql: str, error: BindError) -> bool:
    """Whether the word that is wrong is the source's own, not one that something on its line renders."""
    wrong = re.match(r"\w*|.", sql.split("\n")[error.line - 1][error.column - 1 :])
    return raw.split("\n")[found.line - 1][found.column - 1 :].startswith(wrong[0] if wrong else "")


def _described_test(plan: Plan, node: ParsedNode) -> Position:
    """Where YAML puts the test: at the column it is about, or at its model."""
    about = next((other for other in plan.project.nodes if other.unique_id == node.attached), None)
    if about is None:
        return plan.at(node)
    return described_at(plan, about, node.tested_column)


def _excerpt(sql: str, error: BindError) -> str:
    """The line of the compiled SQL, around the place where it is wrong."""
    lines = sql.split("\n")
    line = lines[error.line - 1] if error.line <= len(lines) else ""
    start = max(0, min(error.column - 1 - _EXCERPT // 2, len(line) - _EXCERPT))
    return f"the compiled '{line[start : start + _EXCERPT].strip()}'"


def _words(error: BindError, names: set[str]) -> tuple[str, str | None]:
    """The engine's message on one line, its suggestions as the hint; tables only of the project."""
    told, _, _ = error.message.partition("Candidate functions:")  # every overload there is
    lines = [line.strip().replace("bindings: :", "bindings:") for line in told.splitlines() if line.strip()]
    guesses = [line for line in lines if line.startswith(("Candidate", "Did you mean"))]
    said = " ".join(line for line in lines if line not in guesses)
    hints = [guess for guess in guesses if guess.startswith("C") or names & set(guess.split('"'))]
    return said, "; ".join(hint[:1].lower() + hint[1:] for hint in hints) or None


def noun(node: ParsedNode) -> str:
    return f"{node.resource_type.replace('_', ' ')} '{node.name}'"
