"""COMPILE: SQL rendered, and proven by binding it before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from floe_core.compilation.dbt_project import PROJECT_FILE
from floe_core.compilation.enforce import Enforced
from floe_core.compilation.guarantees import not_null_columns
from floe_core.compilation.plan import Plan
from floe_core.compilation.source_files import source_files
from floe_core.compilation.source_line import SourceLine, source_line
from floe_core.errors import Problem, SpecError, in_order
from floe_core.plugins.compute import BindError, Column, Proof, Relation
from floe_core.plugins.dbt import CompiledNode, ParsedNode
from floe_core.schemas.artifacts import Transform


@dataclass(frozen=True)
class Proven:
    """The enforced plan with what binding showed of every relation."""

    enforced: Enforced
    proofs: Mapping[str, Proof]
    source_files: Mapping[str, str | None]

    @property
    def columns(self) -> dict[str, tuple[Column, ...] | None]:
        """By unique id; None where they show only in the run."""
        return {unique_id: proof.columns for unique_id, proof in self.proofs.items()}


def compile_plan(enforced: Enforced) -> Proven:
    """Raises SpecError with everything that cannot run: nodes, templates, SQL that does not bind."""
    plan = enforced.plan
    problems = list(_unsupported(plan))
    compiled = plan.plugins.dbt.compile(plan.dbt_location, plan.project)
    not_null = not_null_columns(plan)
    relations = [
        _relation(plan, node, compiled.get(node.unique_id), not_null.get(node.unique_id, frozenset()))
        for node in plan.project.nodes
    ]
    proofs = plan.plugins.compute.prove(relations, plan.dbt_location.project_dir)
    for node in plan.project.nodes:
        rendered = compiled.get(node.unique_id, CompiledNode())
        proof = proofs.get(node.unique_id, Proof())
        if rendered.error:
            problems.append(_template_error(plan, node, rendered))
        elif proof.error:
            problems.append(_bind_error(plan, node, rendered, proof.error))
    if problems:
        raise SpecError(in_order(problems))
    reading = [each.sql for each in relations if each.unique_id.startswith("source.") and each.sql]
    return Proven(enforced, proofs, source_files(reading, plan.dbt_location.project_dir))


def _unsupported(plan: Plan) -> Iterator[Problem]:
    for node in plan.project.nodes:
        if reason := plan.plugins.compute.unsupported(node):
            yield Problem("FLOE-E409", f"{_noun(node)}: {reason}", plan.at(node))


def _relation(
    plan: Plan, node: ParsedNode, compiled: CompiledNode | None, not_null: frozenset[str]
) -> Relation:
    """What there is to bind: the rendered SQL, else the columns known for a seed or a source."""
    columns = compiled.columns if compiled else None
    if columns is None and node.resource_type == "source":
        columns = _written_by_another(plan, node) or _documented(node)
    return Relation(
        unique_id=node.unique_id,
        schema=node.schema,
        name=node.alias,
        sql=compiled.sql if compiled else None,
        columns=tuple(Column(name, kind) for name, kind in columns) if columns is not None else None,
        depends_on=node.depends_on,
        database=node.database,
        not_null=not_null,
    )


def _written_by_another(plan: Plan, node: ParsedNode) -> tuple[tuple[str, str], ...] | None:
    """The columns that another product's artifact says its table has."""
    neighbour = plan.neighbours.get(node.unique_id)
    table = neighbour.table(node) if neighbour else None
    if table is None or (isinstance(table, Transform) and table.proof == "deferred"):
        return None
    return tuple((column.name, column.type) for column in table.columns)


def _documented(node: ParsedNode) -> tuple[tuple[str, str], ...] | None:
    """The described columns of a source, if every one has a type."""
    typed = tuple((name, kind) for name, kind in node.columns if kind)
    return typed if typed and len(typed) == len(node.columns) else None


def _template_error(plan: Plan, node: ParsedNode, compiled: CompiledNode) -> Problem:
    code, says = ("FLOE-E415", "") if node.resource_type == "seed" else ("FLOE-E406", " does not render")
    return Problem(code, f"{_noun(node)}{says}: {compiled.error}", plan.at(node, compiled.error_line))


def _bind_error(plan: Plan, node: ParsedNode, compiled: CompiledNode, error: BindError) -> Problem:
    if node.resource_type == "source":
        return _source_error(plan, node, error)
    found = _find(plan, node, compiled, error)
    message, hint = _words(error, {other.alias for other in plan.project.nodes})
    if found is None:
        message, found = f"{message} (line {error.line} of the compiled SQL)", SourceLine(1, 1)
    return Problem("FLOE-E407", f"{_noun(node)}: {message}", plan.at(node, found.line, found.column), hint)


def _source_error(plan: Plan, node: ParsedNode, error: BindError) -> Problem:
    """A file that is not there or not to be read; ``meta: {fetch: ...}`` is the command that brings it."""
    message, _ = _words(error, set())
    fetch = node.meta.get("fetch")
    hint = f"run: {fetch}" if fetch else f"a relative path starts at {PROJECT_FILE}"
    line = _line_naming(node.name, plan.dbt_location.project_dir / node.path)
    return Problem("FLOE-E416", f"{_noun(node)}: {message}", plan.at(node, line), hint)


def _line_naming(name: str, file: Path) -> int:
    """The first line of a YAML file with this ``name:``, else 1."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    wanted = re.compile(rf"\bname:\s*['\"]?{re.escape(name)}\b")
    return next((number for number, line in enumerate(lines, 1) if wanted.search(line)), 1)


def _find(plan: Plan, node: ParsedNode, compiled: CompiledNode, error: BindError) -> SourceLine | None:
    path = plan.dbt_location.project_dir / node.path
    if path.suffix != ".sql":
        return None  # a test described in YAML: its SQL is a macro's
    raw = path.read_text(encoding="utf-8", errors="replace")
    return source_line(raw, compiled.sql or "", error.line, error.column)


def _words(error: BindError, names: set[str]) -> tuple[str, str | None]:
    """The engine's message on one line, its suggestions as the hint; tables only of the project."""
    told, _, _ = error.message.partition("Candidate functions:")  # every overload there is
    lines = [line.strip().replace("bindings: :", "bindings:") for line in told.splitlines() if line.strip()]
    guesses = [line for line in lines if line.startswith(("Candidate", "Did you mean"))]
    said = " ".join(line for line in lines if line not in guesses)
    hints = [guess for guess in guesses if guess.startswith("C") or names & set(guess.split('"'))]
    return said, "; ".join(hint[:1].lower() + hint[1:] for hint in hints) or None


def _noun(node: ParsedNode) -> str:
    return f"{node.resource_type.replace('_', ' ')} '{node.name}'"
