"""Models whose templates only name relations: their SQL is put together without a template engine.

dbt builds a context of some hundred macros for every node it renders, which takes longer than all the
rest of the proof. Most models need none of it. What is written here has to be what dbt would write.
"""

from __future__ import annotations

import re
from typing import Any

from dbt.adapters.base import BaseAdapter
from dbt.config.runtime import RuntimeConfig
from dbt.contracts.graph.manifest import Disabled, Manifest

_ANY = re.compile(r"\{[{%#]|[#}%]\}")
_PIECE = re.compile(
    r"\{\{\s*(?:"
    r"ref\(\s*(?P<q1>['\"])(?P<ref>[^'\"{}]+)(?P=q1)\s*\)"
    r"|source\(\s*(?P<q2>['\"])(?P<source>[^'\"{}]+)(?P=q2)\s*,\s*(?P<q3>['\"])(?P<table>[^'\"{}]+)(?P=q3)\s*\)"
    r"|(?P<config>config\((?:[^{}]|\{[^{}]*\})*\))"
    r")\s*\}\}"
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_BUILT_IN = {"ref", "source", "config"}


class NotPlain(Exception):
    """The template has more in it than names of relations."""


class PlainTemplates:
    """Renders models of one manifest; relations are named once and remembered."""

    def __init__(self, manifest: Manifest, config: RuntimeConfig, adapter: BaseAdapter) -> None:
        self._manifest = manifest
        self._config = config
        self._adapter = adapter
        self._names: dict[str, str] = {}
        self._overridden = any(macro.name in _BUILT_IN for macro in manifest.macros.values())

    def render(self, node: Any) -> str:
        """The model's SQL; raises NotPlain for what only dbt can render."""
        if self._overridden or node.config.get("event_time") or node.config.get("sql_header"):
            raise NotPlain
        raw: str = node.raw_code
        if not _ANY.search(raw):
            return raw
        pieces: list[str] = []
        end = 0
        for found in _PIECE.finditer(raw):
            pieces += [raw[end : found.start()], self._value(found, node)]
            end = found.end()
        pieces.append(raw[end:])
        if any(_ANY.search(text) for text in pieces[::2]):
            raise NotPlain
        return "".join(_LINE_END.sub("\n", text) for text in pieces)

    def relation(self, node: Any, expression: str) -> str:
        """What ``ref('x')`` or ``source('x', 'y')`` is in the node's SQL; else raises NotPlain."""
        found = _PIECE.fullmatch("{{" + expression + "}}")
        if self._overridden or found is None or found["config"]:
            raise NotPlain
        return self._value(found, node)

    def _value(self, found: re.Match[str], node: Any) -> str:
        if found["config"]:
            if not _is_one_call(found["config"]):
                raise NotPlain
            return ""
        package = self._config.project_name
        target: Any
        if found["ref"]:
            target = self._manifest.resolve_ref(node, found["ref"], None, None, package, node.package_name)
        else:
            target = self._manifest.resolve_source(
                found["source"], found["table"], package, node.package_name
            )
        if target is None or isinstance(target, Disabled) or self._is_special(node, target):
            raise NotPlain  # dbt says what is wrong with it, or has more to do than to name it
        name = self._names.get(target.unique_id)
        if name is None:
            relation = self._adapter.Relation.create_from(self._config, target)
            name = self._names[target.unique_id] = str(relation)
        return name

    def _is_special(self, node: Any, target: Any) -> bool:
        """Ephemeral, read in batches, or not everybody's to read."""
        return (
            bool(getattr(target, "is_ephemeral_model", False))
            or bool(getattr(target, "defer_relation", None))
            or bool(target.config.get("event_time"))
            or self._manifest.is_invalid_private_ref(node, target, self._config.dependencies)
            or self._manifest.is_invalid_protected_ref(node, target, self._config.dependencies)
        )


def _is_one_call(text: str) -> bool:
    """Whether the first parenthesis is closed by the last character: nothing is done with what it gives."""
    depth, quote = 0, ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return position == len(text) - 1
    return False
