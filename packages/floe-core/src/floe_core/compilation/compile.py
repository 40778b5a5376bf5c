"""COMPILE: SQL rendered, and proven by binding it before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from floe_core.compilation.announcements import announcement_problems
from floe_core.compilation.binding_errors import bind_error, noun, pipe_errors, template_error
from floe_core.compilation.contracts import contract_problems
from floe_core.compilation.enforce import Enforced
from floe_core.compilation.fingerprint import installed_packages
from floe_core.compilation.left_out_tests import left_out_tests
from floe_core.compilation.plan import Plan
from floe_core.compilation.proof_store import ProofStore
from floe_core.compilation.relations import relations_of
from floe_core.compilation.source_files import source_files
from floe_core.compilation.views import inlined_views, view_problems
from floe_core.errors import Problem, SpecError, in_order
from floe_core.inlined_views import InlinedView
from floe_core.plugins.compute import Column, Proof
from floe_core.plugins.dbt import CompiledNode, ParsedNode
from floe_core.plugins.types import PluginType


@dataclass(frozen=True)
class Proven:
    """The enforced plan with what binding showed of every relation.

    ``deferred`` are those whose SQL shows only in the run: their columns, if any, are the described ones.
    """

    enforced: Enforced
    proofs: Mapping[str, Proof]
    deferred: frozenset[str]
    source_files: Mapping[str, str | None]
    views: tuple[InlinedView, ...]

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """What people are told although nothing is refused."""
        return (*left_out_tests(self.enforced.plan), *self.enforced.warnings)

    @property
    def columns(self) -> dict[str, tuple[Column, ...] | None]:
        """By unique id; None where they show only in the run."""
        return {unique_id: proof.columns for unique_id, proof in self.proofs.items()}


def compile_plan(enforced: Enforced) -> Proven:
    """Raises SpecError with everything that cannot run: nodes, templates, SQL that does not bind."""
    plan = enforced.plan
    problems = list(_unsupported(plan))
    compiled = plan.plugins.dbt.compile(plan.dbt_location, plan.project)
    problems += view_problems(plan, compiled)
    relations = relations_of(plan, compiled)
    if unread := list(pipe_errors(plan, relations)):
        raise SpecError(in_order(unread))
    store = _proof_store(plan)
    proofs = plan.plugins.compute.prove(relations, plan.dbt_location.project_dir, store.earlier)
    store.keep(relations, proofs)
    for node in plan.project.nodes:
        rendered = compiled.get(node.unique_id, CompiledNode())
        proof = proofs.get(node.unique_id, Proof())
        if rendered.error:
            problems.append(template_error(plan, node, rendered))
        elif proof.error:
            problems.append(bind_error(plan, node, rendered, proof.error))
        else:
            bound = None if rendered.deferred or node.language != "sql" else proof.columns
            problems += contract_problems(plan, node, bound)
            problems += _layout_problems(plan, node, proof.columns)
    problems += announcement_problems(plan, proofs)
    if problems:
        raise SpecError(in_order(problems))
    reading = [each.sql for each in relations if each.unique_id.startswith("source.") and each.sql]
    deferred = frozenset(
        node.unique_id
        for node in plan.project.nodes
        if node.language != "sql" or compiled.get(node.unique_id, CompiledNode()).deferred
    )
    files = source_files(reading, plan.dbt_location.project_dir)
    return Proven(enforced, proofs, deferred, files, inlined_views(plan, compiled))


def _layout_problems(plan: Plan, node: ParsedNode, columns: tuple[Column, ...] | None) -> Iterator[Problem]:
    for problem in plan.plugins.compute.layout_problems(node, columns) if columns else ():
        yield replace(problem, message=f"{noun(node)}: {problem.message}", at=plan.at(node))


def _proof_store(plan: Plan) -> ProofStore:
    compute = plan.plugins.by_type[PluginType.COMPUTE]
    made_with = [
        installed_packages([compute.distribution]),
        compute.plugin.model_dump(mode="json"),
    ]
    return ProofStore(plan.sources.location.generated_dir / "proofs.json", made_with)


def _unsupported(plan: Plan) -> Iterator[Problem]:
    for node in plan.project.nodes:
        if reason := plan.plugins.compute.unsupported(node):
            yield Problem("FLOE-E409", f"{noun(node)}: {reason}", plan.at(node))
