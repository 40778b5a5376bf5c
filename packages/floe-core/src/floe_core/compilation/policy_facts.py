"""The plan as policies see it."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_jsonable_python

from floe_core.compilation.layer import RAW, layer_of
from floe_core.compilation.plan import Plan
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.policy_input import (
    ColumnFacts,
    ModelFacts,
    ModelInput,
    PlatformFacts,
    ProductFacts,
    ProductInput,
    ReadFacts,
    TestFacts,
)
from floe_core.schemas.section import Section


class Facts:
    """The inputs of all policies about one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._nodes = {node.unique_id: node for node in plan.project.nodes}
        self._tests: dict[str | None, list[ParsedNode]] = {}
        for test in plan.tests():
            self._tests.setdefault(test.attached, []).append(test)
        self._platform = PlatformFacts(name=plan.sources.manifest.metadata.name)
        self._product = _product(plan)

    def of_product(self) -> ProductInput:
        models = tuple(self._model(node) for node in self._plan.models())
        return ProductInput(platform=self._platform, product=self._product, models=models)

    def of_model(self, node: ParsedNode) -> ModelInput:
        return ModelInput(platform=self._platform, product=self._product, model=self._model(node))

    def _model(self, node: ParsedNode) -> ModelFacts:
        return ModelFacts(
            name=node.name,
            path=node.path,
            package=node.package,
            language=node.language,
            layer=self._layer(node),
            materialized=node.materialized or "view",
            access=str(node.config.get("access") or "protected"),
            group=node.config.get("group"),
            description=node.description or None,
            meta=to_jsonable_python(dict(node.meta), fallback=str),
            tags=node.tags,
            columns=tuple(_column(node, name, kind) for name, kind in node.columns),
            tests=tuple(
                TestFacts(name=test.name, blocking=test.severity != "warn")
                for test in self._tests.get(node.unique_id, ())
            ),
            reads=tuple(
                ReadFacts(name=read.name, kind=read.resource_type, layer=self._layer(read))
                for read in (self._nodes[id_] for id_ in node.depends_on if id_ in self._nodes)
            ),
        )

    def _layer(self, node: ParsedNode) -> str | None:
        if node.resource_type == "model":
            return layer_of(node, self._plan.sources.manifest.layers)
        return RAW if node.resource_type == "seed" else None


def _product(plan: Plan) -> ProductFacts:
    spec = plan.sources.spec
    return ProductFacts(
        name=spec.metadata.name,
        version=spec.metadata.version,
        owner=spec.metadata.owner,
        description=spec.metadata.description,
        schedule=_said(plan.schedule),
        retention=_said(plan.retention),
        exposes=spec.exposes,
        plugins={plugin_type.value: chosen.name for plugin_type, chosen in plan.plugins.by_type.items()},
    )


def _said(section: Section | None) -> dict[str, Any] | None:
    return section.model_dump(mode="json", by_alias=True, exclude_none=True) if section else None


def _column(node: ParsedNode, name: str, kind: str | None) -> ColumnFacts:
    return ColumnFacts(
        name=name,
        type=kind,
        description=node.column_descriptions.get(name),
        meta=to_jsonable_python(dict(node.column_meta.get(name, {})), fallback=str),
        tags=node.column_tags.get(name, ()),
    )
