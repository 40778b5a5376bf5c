"""Rendering: the SQL of every model and test, and the columns of seeds, without a warehouse."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from dbt.adapters.base import BaseAdapter
from dbt.adapters.factory import get_adapter, register_adapter, reset_adapters
from dbt.compilation import Compiler
from dbt.context.providers import generate_runtime_macro_context
from dbt.contracts.graph.manifest import Manifest
from dbt.flags import set_flags
from dbt.mp_context import get_mp_context
from dbt_common.context import set_invocation_context
from dbt_common.exceptions import DbtBaseException, DbtRuntimeError

from floe_core.plugins.dbt import CompiledNode, DbtLocation, ParsedNode, ParsedProject
from floe_dbt.hooks import made_by_hooks
from floe_dbt.invocation import exclusive, forget_events
from floe_dbt.messages import cleaned, leading_lines
from floe_dbt.parsing import Parsed, parse
from floe_dbt.plain import NotPlain, PlainTemplates
from floe_dbt.plain_tests import PlainTests
from floe_dbt.rendered_before import RenderedBefore
from floe_dbt.rendering_keys import RenderingKeys
from floe_dbt.repetition import without_repetition
from floe_dbt.seeds import compile_seed
from floe_dbt.snapshots import with_history

_WORD = re.compile(r"\w+")
ASKED = "its SQL depends on what a query answers while it is rendered"


_QUESTIONS = (
    "check_schema_exists",
    "get_column_schema_from_query",
    "get_columns_in_relation",
    "get_relation",
    "list_relations_without_caching",
    "list_schemas",
)


class QueriedWhileRendering(DbtRuntimeError):
    """A template asked the warehouse, so its SQL is known only in a run; dbt passes its own errors on."""

    def __init__(self) -> None:
        super().__init__(ASKED)


def render(location: DbtLocation, project: ParsedProject) -> dict[str, CompiledNode]:
    """Render every model and test of the project; a template that needs the warehouse is deferred."""
    parsed: Parsed = (project.handle and project.handle.take()) or parse(location).handle.take()
    warehouse = _adapter_without_warehouse(parsed)
    with exclusive(location.project_dir), without_repetition(), warehouse as adapter:
        before = RenderedBefore(location.target_dir / "rendered.json", RenderingKeys(parsed))
        renderer = _Renderer(parsed, adapter, location.project_dir, before)
        try:
            rendered = {node.unique_id: renderer.node(node) for node in project.nodes if renderer.takes(node)}
            before.write()
            return rendered
        finally:
            parsed.forget()


@contextmanager
def _adapter_without_warehouse(parsed: Parsed) -> Iterator[BaseAdapter]:
    """An adapter for which every question is a ``QueriedWhileRendering``."""
    forget_events()
    set_invocation_context(dict(os.environ))
    set_flags(parsed.flags)
    reset_adapters()
    register_adapter(parsed.config, get_mp_context())
    adapter: Any = get_adapter(parsed.config)
    adapter.set_macro_resolver(parsed.manifest)
    adapter.set_macro_context_generator(generate_runtime_macro_context)

    def ask(*_args: object, **_kwargs: object) -> NoReturn:
        raise QueriedWhileRendering

    for question in ("add_query", "execute", "add_select_query"):
        setattr(adapter.connections, question, ask)
    for question in _QUESTIONS:
        setattr(adapter, question, ask)
    try:
        yield adapter
    finally:
        reset_adapters()


class _Renderer:
    def __init__(
        self, parsed: Parsed, adapter: BaseAdapter, project_dir: Path, before: RenderedBefore
    ) -> None:
        self._before = before
        self._is_there = False
        self._manifest = parsed.manifest
        self._config = parsed.config
        self._compiler = Compiler(parsed.config)
        self._adapter = adapter
        self._project_dir = project_dir
        self._plain = PlainTemplates(parsed.manifest, parsed.config, adapter)
        self._plain_tests = PlainTests(parsed.manifest, self._plain, self._compile)
        self._made_by_hooks = made_by_hooks(parsed.manifest)
        self._read = _read_before_any_hook(parsed.manifest)

    def takes(self, node: ParsedNode) -> bool:
        if node.resource_type == "source":
            return node.unique_id in self._read
        return node.resource_type in ("model", "test", "seed", "snapshot") and node.language == "sql"

    def node(self, node: ParsedNode) -> CompiledNode:
        if node.resource_type == "source":
            return self._source(node)
        if node.resource_type == "seed":
            seed = self._manifest.nodes[node.unique_id]
            return compile_seed(self._adapter, seed, self._project_dir / node.path)
        parsed = self._manifest.nodes[node.unique_id]
        try:
            sql = self._sql(parsed)
            later = self._when_it_is_there(parsed) if node.materialized == "incremental" else None
        except QueriedWhileRendering:
            return CompiledNode(deferred=ASKED)
        except DbtBaseException as error:  # dbt makes one of everything that a template raises
            return self._failed(node, error)
        if self._made_by_hooks and (made := self._made_by_hooks & set(_WORD.findall(sql.lower()))):
            return CompiledNode(deferred=f"a hook makes '{min(made)}', which it uses")
        if node.resource_type == "snapshot":
            sql = with_history(sql, parsed.config)
        return CompiledNode(sql=sql, incremental_sql=None if later == sql else later)

    def _when_it_is_there(self, node: Any) -> str | None:
        """The SQL of a run that finds the model's table; None where that has to ask the warehouse."""
        self._is_there = True
        try:
            return self._sql(node)
        except QueriedWhileRendering:
            return None
        finally:
            self._is_there = False

    def _sql(self, node: Any) -> str:
        try:
            plain = self._plain_tests if str(node.resource_type) == "test" else self._plain
            return plain.render(node)
        except NotPlain:
            return self._compile(node)

    def _compile(self, node: Any) -> str:
        sql = self._before.sql(node, lambda: self._compiled(node), there=self._is_there)
        if sql is None:
            raise QueriedWhileRendering
        return sql

    def _compiled(self, node: Any) -> str | None:
        """The SQL as dbt renders it, None if it has to ask the warehouse."""
        # a copy: what a compile leaves in a node would confuse the next one
        fresh: Any = copy.copy(node)
        fresh.extra_ctes, fresh.extra_ctes_injected = [], False
        self._adapter.get_relation = self._own_table(node)
        try:
            return self._compiler.compile_node(fresh, self._manifest, {}, write=False).compiled_code or ""
        except QueriedWhileRendering:
            return None

    def _own_table(self, node: Any) -> Callable[[str, str, str], Any]:
        """What finds the node's own table or not, as is asked for; of others only a run knows."""

        def get_relation(database: str, schema: str, identifier: str) -> Any:
            if (schema, identifier) != (node.schema, node.alias):
                raise QueriedWhileRendering
            own = self._adapter.Relation.create_from(self._config, node)
            return own.incorporate(type="table") if self._is_there else None

        return get_relation

    def _source(self, node: ParsedNode) -> CompiledNode:
        """What reads a source that is a file here; a file of another machine is left to the run."""
        source: Any = self._manifest.sources[node.unique_id]
        file = getattr(self._adapter.Relation.create_from(self._config, source), "external", None)
        return CompiledNode(sql=f"select * from {file}" if file and "://" not in file else None)

    def _failed(self, node: ParsedNode, error: DbtBaseException) -> CompiledNode:
        line = _template_line(error)
        offset = leading_lines(self._project_dir / node.path) if node.resource_type == "model" else 0
        return CompiledNode(error=cleaned(str(error)), error_line=(line or 1) + (offset if line else 0))


def _read_before_any_hook(manifest: Manifest) -> frozenset[str]:
    """What models and tests read; nothing if there are hooks, for they could make a file that is missing."""
    nodes: list[Any] = list(manifest.nodes.values())
    if any(str(node.resource_type) == "operation" or _hooks(node) for node in nodes):
        return frozenset()
    # a seed depends on macros only, so that there it has no 'nodes'
    return frozenset(read for node in nodes for read in getattr(node.depends_on, "nodes", ()))


def _hooks(node: Any) -> bool:
    return any(getattr(node.config, when, None) for when in ("pre_hook", "post_hook"))


def _template_line(error: BaseException | None) -> int | None:
    """The line of the node's own template that was being rendered, the outermost there is."""
    while error is not None:
        if line := _first_template_frame(error.__traceback__):
            return line
        error = error.__cause__ or error.__context__
    return None


def _first_template_frame(traceback: TracebackType | None) -> int | None:
    while traceback is not None:
        # Jinja's name for it; it has put the source's line numbers into the traceback
        if traceback.tb_frame.f_code.co_filename == "<template>":
            return traceback.tb_lineno
        traceback = traceback.tb_next
    return None
