"""Sources that are tables the project makes itself: seeds that are read through ``source()``.

dbt knows of no such dependency, and would build the reader beside what it reads, or before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_MAKERS = ("model", "seed", "snapshot")


def own_sources(nodes: Iterable[Any]) -> dict[str, str]:
    """The makers' unique ids by those of the sources that are theirs."""
    listed = list(nodes)
    makers = {_place(node): node.unique_id for node in listed if str(node.resource_type) in _MAKERS}
    sources = (node for node in listed if str(node.resource_type) == "source")
    return {source.unique_id: maker for source in sources if (maker := makers.get(_place(source)))}


def made_first(nodes: Iterable[Any], makers: Mapping[str, str]) -> None:
    """Let dbt build what makes a source before what reads it."""
    for node in nodes:
        reads = getattr(node.depends_on, "nodes", None)
        missing = [makers[each] for each in reads or () if each in makers and makers[each] != node.unique_id]
        if reads is not None:
            reads.extend(each for each in dict.fromkeys(missing) if each not in reads)


def _place(node: Any) -> tuple[str, str]:
    name = getattr(node, "identifier", None) or getattr(node, "alias", None) or node.name
    return str(node.schema).casefold(), str(name).casefold()
