"""Where dbt's YAML files describe a node, to the column."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import yaml

from floe_core.compilation.plan import Plan
from floe_core.errors import Position
from floe_core.plugins.dbt import ParsedNode

_GROUPS = {"model": "models", "seed": "seeds", "snapshot": "snapshots"}


def described_at(plan: Plan, node: ParsedNode, column: str | None = None) -> Position:
    """Where the node (or its column, if it is described) is named in YAML, else the node's own file."""
    file = node.path if node.resource_type == "source" else node.described_in
    if file is None:
        return plan.at(node)
    path = plan.dbt_location.project_dir / file
    found = _entry(_tree(path.read_text(encoding="utf-8")), node)
    if found is None:
        return Position.of(path)
    own = _named(found, "columns", column) if column else None
    return _position(path, own or found)


@lru_cache(maxsize=16)
def _tree(text: str) -> yaml.Node | None:
    """dbt has read the file already: what is wrong in it was said by dbt."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    return node


def _entry(tree: yaml.Node | None, node: ParsedNode) -> yaml.Node | None:
    if node.resource_type != "source":
        return _named(tree, _GROUPS.get(node.resource_type, ""), node.name)
    source = _named(tree, "sources", node.unique_id.split(".")[2])
    return _named(source, "tables", node.name)


def _named(parent: yaml.Node | None, key: str, name: str) -> yaml.Node | None:
    """The item of the list under ``key`` whose ``name`` is this one."""
    for value in _values(parent, key):
        for item in value.value if isinstance(value, yaml.SequenceNode) else ():
            if any(_same(found, name) for found in _values(item, "name")):
                found_item: yaml.Node = item
                return found_item
    return None


def _same(value: yaml.Node, name: str) -> bool:
    return isinstance(value, yaml.ScalarNode) and value.value.casefold() == name.casefold()


def _values(node: yaml.Node | None, key: str) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (value for name, value in node.value if name.value == key)


def _position(path: Path, node: yaml.Node) -> Position:
    return Position.of(path, node.start_mark.line + 1, node.start_mark.column + 1)
