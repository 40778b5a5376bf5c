"""dbt's own generic tests, which differ in a relation and a column: each kind is rendered once."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from floe_dbt.plain import NotPlain, PlainTemplates
from floe_dbt.replaced_tests import PLAIN_TESTS, replaces_tests

_MODEL = re.compile(r"\{\{ get_where_subquery\(((?:ref|source)\(.*\))\) \}\}")
_RELATION, _COLUMN = "floe_the_relation", "floe_the_column"


class PlainTests:
    """Renders tests of one manifest; ``render`` is dbt's way, used once for each kind."""

    def __init__(self, manifest: Manifest, templates: PlainTemplates, render: Callable[[Any], str]) -> None:
        self._templates = templates
        self._render = render
        self._patterns: dict[str, str] = {}
        self._overridden = replaces_tests(manifest)

    def render(self, node: Any) -> str:
        """The test's SQL; raises NotPlain for a test that is not one of dbt's own in its plain form."""
        metadata = getattr(node, "test_metadata", None)
        if self._overridden or metadata is None or metadata.namespace or metadata.name not in PLAIN_TESTS:
            raise NotPlain
        if set(metadata.kwargs) != {"column_name", "model"} or _is_configured(node.config):
            raise NotPlain
        column, found = str(metadata.kwargs["column_name"]), _MODEL.fullmatch(str(metadata.kwargs["model"]))
        if found is None or "{" in column:
            raise NotPlain
        relation = self._templates.relation(node, found[1])
        pattern = self._patterns.get(metadata.name)
        if pattern is None:
            pattern = self._patterns[metadata.name] = self._render(_of_nothing(node))
        return pattern.replace(_RELATION, relation).replace(_COLUMN, column)


def _is_configured(config: Any) -> bool:
    return bool(config.get("where") or config.get("store_failures") or config.get("store_failures_as"))


def _of_nothing(node: Any) -> Any:
    """The same test of a relation and a column that are told apart from everything else in its SQL."""
    kind: Any = copy.copy(node)
    kind.test_metadata = copy.copy(node.test_metadata)
    kind.test_metadata.kwargs = {"column_name": _COLUMN, "model": _RELATION}
    return kind
