"""What there is to do for each model and seed, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from floe_core.lake import PublishedTable
from floe_core.preview.builds import Build
from floe_core.preview.tables import ColumnChange, column_changes, partition_change
from floe_core.schemas.artifacts import CompiledArtifacts, Seed, Transform

WorkState = Literal["new", "changed", "unchanged"]
Node = Seed | Transform


@dataclass(frozen=True)
class Work:
    """A model or seed; ``partitions`` are before and after, where they differ."""

    node: Node
    state: WorkState
    reasons: tuple[str, ...]
    columns: tuple[ColumnChange, ...]
    partitions: tuple[tuple[str, ...], tuple[str, ...]] | None
    table: PublishedTable | None
    build: Build | None


class Works:
    """Judges the nodes of one artifact, each after those it reads.

    ``last`` is the version of the last published run: it says how models were that leave no table.
    """

    def __init__(
        self,
        artifacts: CompiledArtifacts,
        tables: Mapping[tuple[str, str], PublishedTable],
        builds: Mapping[str, Build],
        last: CompiledArtifacts | None,
    ) -> None:
        self._artifacts = artifacts
        self._tables = tables
        self._builds = builds
        self._last = last
        self._nodes = {node.unique_id: node for node in artifacts.nodes}
        self._versions: dict[int, dict[str, Node]] = {}
        self._found: dict[str, Work] = {}

    def all(self) -> tuple[Work, ...]:
        """In the order in which they would be built, as far as that is decided."""
        for unique_id in self._nodes:
            self._visit(unique_id)
        return tuple(self._found.values())

    def _visit(self, start: str) -> None:
        """Depth first, without recursion: a chain of models may be longer than Python's stack."""
        waiting = [start]
        while waiting:
            unique_id = waiting[-1]
            missing = [each for each in self._parents(unique_id) if each not in self._found]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if unique_id not in self._found:
                self._found[unique_id] = self._work(self._nodes[unique_id])

    def _parents(self, unique_id: str) -> list[str]:
        node = self._nodes[unique_id]
        reads = node.depends_on if isinstance(node, Transform) else ()
        return [each for each in reads if each in self._nodes]

    def _work(self, node: Node) -> Work:
        build = self._builds.get(node.unique_id)
        table = None if _is_query(node) else self._tables.get((node.namespace, node.table))
        columns = tuple(column_changes(node, table)) if table else ()
        partitions = partition_change(node, table) if table else None
        if table is None and not (_is_query(node) and self._last):
            return Work(node, "new", (), columns, partitions, table, build)
        reasons = (*self._own(node, build), *self._above(node))
        if (columns or partitions) and not reasons:
            reasons = ("its table is not as it was written",)
        return Work(node, "changed" if reasons else "unchanged", reasons, columns, partitions, table, build)

    def _own(self, node: Node, build: Build | None) -> Iterator[str]:
        version = self._last if _is_query(node) else build.artifacts if build else None
        if version is None:
            yield "nothing is known of the run that wrote it"
            return
        before = self._nodes_of(version).get(node.unique_id)
        if before is None:
            yield "nothing is known of the version that wrote it"
            return
        if before.source_sha256 != node.source_sha256:
            yield "its rows" if isinstance(node, Seed) else "its text"
        if before.config_digest != node.config_digest or _place(before) != _place(node):
            yield "its configuration"
        if isinstance(node, Transform) and version.shared_digest != self._artifacts.shared_digest:
            yield "macros, packages or dbt_project.yml"

    def _nodes_of(self, version: CompiledArtifacts) -> dict[str, Node]:
        """By unique id; several nodes come from the same few versions."""
        if id(version) not in self._versions:
            self._versions[id(version)] = {node.unique_id: node for node in version.nodes}
        return self._versions[id(version)]

    def _above(self, node: Node) -> Iterator[str]:
        for unique_id in self._parents(node.unique_id):
            work = self._found[unique_id]
            if work.state != "unchanged":
                yield f"reads {work.node.name}, which is {work.state}"


def _is_query(node: Node) -> bool:
    """Whether it leaves no table: what reads it has it inlined."""
    return isinstance(node, Transform) and not node.stored


def _place(node: Node) -> tuple[str, str]:
    return node.namespace, node.table
