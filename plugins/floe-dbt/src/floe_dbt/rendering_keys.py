"""What the SQL of a template depends on, as one digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from floe_dbt.parsing import Parsed

_WORD = re.compile(r"[^\W\d]\w*")
_CHANGING = frozenset(
    {
        *("run_started_at", "invocation_id", "invocation_args_dict", "thread_id", "modules", "env_var"),
        *("dbt_metadata_envs", "graph", "selected_resources"),
        *("context", "builtins"),  # by which all of these can be had under another name
    }
)
_OF_THE_PARSE = ("created_at", "build_path", "compiled_path", "doc_blocks")
_DISTRIBUTIONS = ("dbt-core", "dbt-adapters", "dbt-duckdb", "floe-dbt", "floe-compute-duckdb")


class RenderingKeys:
    """Keys of the templates of one manifest: equal keys are rendered to equal SQL.

    In a key are the node, what it reads and, of ephemeral models, what those read; the project with its
    variables, target and flags; and every macro there is.
    """

    def __init__(self, parsed: Parsed) -> None:
        self._manifest = parsed.manifest
        self._macros = _Macros(parsed.manifest)
        self._digests: dict[str, str] = {}
        self._common = _digest([self._macros.digest, _surroundings(parsed)])

    def of(self, node: Any, *, there: bool) -> str | None:
        """``there`` is whether its own table is; None for a template that may render otherwise each time."""
        family = self._family(node)
        if family is None or any(self._macros.reach_what_changes(each.raw_code) for each in family):
            return None
        parents = sorted({unique_id for each in family for unique_id in each.depends_on.nodes})
        digests = [self._of_node(unique_id) for unique_id in parents]
        if None in digests:
            return None
        return _digest([self._common, there, _facts(node), digests])

    def _family(self, node: Any) -> list[Any] | None:
        """The node and the ephemeral models that become part of it; None where there is no telling."""
        found, seen = [node], {node.unique_id}
        for each in found:
            for unique_id in each.depends_on.nodes:
                parent: Any = self._manifest.nodes.get(unique_id)
                if unique_id not in seen and parent is not None and parent.is_ephemeral_model:
                    seen.add(unique_id)
                    found.append(parent)
        return found if all(isinstance(each.raw_code, str) for each in found) else None

    def _of_node(self, unique_id: str) -> str | None:
        if unique_id not in self._digests:
            node = self._manifest.nodes.get(unique_id) or self._manifest.sources.get(unique_id)
            if node is None:  # a metric or a function, of which nothing is known here
                return None
            self._digests[unique_id] = _digest(_facts(node))
        return self._digests[unique_id]


class _Macros:
    """Every macro, and which of them the words of a text could call."""

    def __init__(self, manifest: Manifest) -> None:
        macros = sorted(manifest.macros.items())
        self.digest = _digest([(unique_id, macro.macro_sql) for unique_id, macro in macros])
        self._texts = {unique_id: macro.macro_sql for unique_id, macro in macros}
        self._by_name: defaultdict[str, set[str]] = defaultdict(set)
        self._words: dict[str, frozenset[str]] = {}
        for unique_id, macro in macros:
            self._by_name[macro.name].add(unique_id)
            self._by_name[macro.name.partition("__")[2]].add(unique_id)  # what dispatch finds

    def reach_what_changes(self, text: str) -> bool:
        """Whether the text, or a macro that it could call, names what differs from one run to the next."""
        words, seen = [frozenset(_WORD.findall(text))], set[str]()
        for each in words:
            if each & _CHANGING:
                return True
            called = set().union(*(self._by_name.get(word, ()) for word in each)) - seen
            seen |= called
            words += [self._words_of(unique_id) for unique_id in sorted(called)]
        return False

    def _words_of(self, unique_id: str) -> frozenset[str]:
        if unique_id not in self._words:
            self._words[unique_id] = frozenset(_WORD.findall(self._texts[unique_id]))
        return self._words[unique_id]


def _surroundings(parsed: Parsed) -> Mapping[str, Any]:
    flags = {name: value for name, value in vars(parsed.flags).items() if name.isupper()}
    flags.pop("INVOCATION_COMMAND", None)  # what was typed, whatever that came to mean
    project = parsed.config.to_project_config()
    project["docs-paths"] = sorted(project["docs-paths"])  # collected in a set
    return {
        "project": project,
        "variables": parsed.config.vars.to_dict(),
        "given": parsed.config.cli_vars,
        "target": parsed.config.to_target_dict(),
        "flags": flags,
        "versions": [version(name) for name in _DISTRIBUTIONS],
    }


def _facts(node: Any) -> dict[str, Any]:
    facts: dict[str, Any] = node.to_dict(omit_none=False)
    return {name: value for name, value in facts.items() if name not in _OF_THE_PARSE}


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
