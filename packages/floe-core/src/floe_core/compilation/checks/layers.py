"""Which layers read which, within a product and across products."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.checks.models import models, named_at
from floe_core.compilation.layer import RAW, layer_of
from floe_core.compilation.neighbours import Neighbour
from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.artifacts import Seed, Transform
from floe_core.suggestion import did_you_mean


def layers(plan: Plan) -> Iterator[Problem]:
    """A model reads no layer that its own may not read, and no table its product keeps to itself."""
    yield from _strays(plan)
    yield from _forbidden_reads(plan)
    for source in plan.sources_read():
        yield from _private_read(plan, source)


def _strays(plan: Plan) -> Iterator[Problem]:
    """Models of a layer there is none of, or of none where each must have one: no other rule sees them."""
    rule, known = plan.sources.manifest.governance.rules.layers, plan.sources.manifest.layers
    for node, layer in models(plan, rule):
        if layer is not None and layer not in known:
            hint = did_you_mean(layer, known) or f"known here: {', '.join(known)}"
            message = f"model '{node.name}' says it is {layer}: the platform has no such layer"
            yield Problem("FLOE-E317", message, described_at(plan, node), hint)
        elif layer is None and rule.required:
            folders = ", ".join(folder for each in known.values() for folder in each)
            message = f"model '{node.name}' belongs to no layer"
            yield Problem("FLOE-E317", message, plan.at(node), f"move it below one of: {folders}")


def _forbidden_reads(plan: Plan) -> Iterator[Problem]:
    rule = plan.sources.manifest.governance.rules.layers
    nodes = {node.unique_id: node for node in plan.project.nodes}
    for node, layer in models(plan, rule):
        for parent in (nodes[unique_id] for unique_id in node.depends_on if unique_id in nodes):
            below = _layer(plan, parent)
            if layer is not None and below in rule.forbid.get(layer, ()):
                yield Problem(
                    "FLOE-E304",
                    f"model '{node.name}' is {layer} and reads {parent.resource_type} '{parent.name}',"
                    f" which is {below}",
                    named_at(plan, node, parent),
                    hint=f"read a model that is made from '{parent.name}' and is neither",
                )


def _layer(plan: Plan, node: ParsedNode) -> str | None:
    if node.resource_type == "model":
        return layer_of(node, plan.sources.manifest.layers)
    if neighbour := plan.neighbours.get(node.unique_id):
        table = neighbour.table(node)
        return table.layer if isinstance(table, Transform) else RAW
    return RAW


def _private_read(plan: Plan, source: ParsedNode) -> Iterator[Problem]:
    neighbour = plan.neighbours.get(source.unique_id)
    if neighbour is None:
        return
    at, what = described_at(plan, source), f"source '{source.name}' is of product '{neighbour.name}'"
    if neighbour.artifacts is None:
        message = f"{what}, which is not compiled: nobody can tell what it lets others read"
        yield Problem("FLOE-E310", message, at, hint=f"floe compile {neighbour.name}")
        return
    table = neighbour.table(source)
    if table is None:
        yield Problem("FLOE-E311", f"{what}, which has no table '{source.alias}'", at)
    elif reason := _kept(plan, neighbour, table):
        hint = f"ask '{neighbour.artifacts.metadata.owner or neighbour.name}', or read another of its tables"
        yield Problem("FLOE-E305", f"{what}, {reason}", at, hint)


def _kept(plan: Plan, neighbour: Neighbour, table: Seed | Transform) -> str | None:
    """Why other products may not read the table, as the end of a sentence."""
    assert neighbour.artifacts
    if isinstance(table, Transform) and table.access == "private":
        return "whose model is private"
    exposed = neighbour.artifacts.metadata.exposes
    if exposed is None:
        exposed = plan.sources.manifest.governance.rules.layers.exposed
    layer = table.layer if isinstance(table, Transform) else RAW
    if exposed is None or layer in exposed:
        return None
    others = " and ".join(f"'{each}'" for each in exposed) or "nothing"
    return f"which exposes {others} and not '{layer}'"
