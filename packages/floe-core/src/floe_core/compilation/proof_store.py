"""What earlier compiles have proven, so that only what changed is proven again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from floe_core.compilation.digest import value_digest
from floe_core.plugins.compute import Column, ColumnInput, Lineage, Proof, Relation
from floe_core.whole_file import write_if_changed

_FORMAT = 2


class ProofStore:
    """The proofs in a file; ``made_with`` tells apart what they depend on besides relations.

    A proof holds as long as its relation is the same and those it reads have the same columns.
    """

    def __init__(self, path: Path, made_with: object) -> None:
        self._path = path
        self._made_with = value_digest([_FORMAT, made_with])
        self._entries = _read(path, self._made_with)
        self._shapes: dict[str, str] = {}

    def earlier(self, relation: Relation, proofs: Mapping[str, Proof]) -> Proof | None:
        """The proof of the relation, if it still holds given those of the relations before it."""
        entry = self._entries.get(relation.unique_id)
        if entry is None or entry["relation"] != _digest(relation):
            return None
        if any(self._shape(unique_id, proofs) != shape for unique_id, shape in entry["reads"].items()):
            return None
        return _proof(entry)

    def keep(self, relations: Sequence[Relation], proofs: Mapping[str, Proof]) -> None:
        """Write down what holds now."""
        self._shapes.clear()
        entries = {
            relation.unique_id: self._entry(relation, proof, proofs)
            for relation in relations
            if (proof := proofs[relation.unique_id]).columns is not None
            and proof.reads is not None
            and not relation.unique_id.startswith("source.")  # whose files may be others by then
        }
        document = {"made_with": self._made_with, "proofs": entries}
        write_if_changed(self._path, json.dumps(document, separators=(",", ":")).encode())

    def _entry(self, relation: Relation, proof: Proof, proofs: Mapping[str, Proof]) -> dict[str, Any]:
        lineage = proof.lineage
        return {
            "relation": _digest(relation),
            "reads": {unique_id: self._shape(unique_id, proofs) for unique_id in proof.reads or ()},
            "columns": [(column.name, column.type) for column in proof.columns or ()],
            "not_null": sorted(proof.not_null),
            "lineage": lineage and (lineage.columns, lineage.rows, lineage.others),
        }

    def _shape(self, unique_id: str, proofs: Mapping[str, Proof]) -> str:
        """A digest of what readers of a relation see of it."""
        shape = self._shapes.get(unique_id)
        if shape is None:
            proof = proofs.get(unique_id, Proof())
            columns = proof.columns and [(column.name, column.type) for column in proof.columns]
            shape = self._shapes[unique_id] = value_digest([columns, sorted(proof.not_null)])[:16]
        return shape


def _read(path: Path, made_with: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    whole = isinstance(document, dict) and document.get("made_with") == made_with
    return document["proofs"] if whole else {}


def _digest(relation: Relation) -> str:
    columns = relation.columns and [(column.name, column.type) for column in relation.columns]
    name = [relation.database, relation.schema, relation.name]
    sql = [relation.sql, relation.incremental_sql]
    reads = sorted(relation.depends_on)
    return value_digest([name, sql, columns, sorted(relation.not_null), reads, relation.stored])


def _proof(entry: Mapping[str, Any]) -> Proof:
    return Proof(
        columns=tuple(Column(name, type_) for name, type_ in entry["columns"]),
        not_null=frozenset(entry["not_null"]),
        lineage=_lineage(entry["lineage"]),
        reads=tuple(entry["reads"]),
    )


def _lineage(stored: Sequence[Any] | None) -> Lineage | None:
    if stored is None:
        return None
    columns, rows, others = stored
    return Lineage(
        columns=columns and tuple(tuple(ColumnInput(*each) for each in inputs) for inputs in columns),
        rows=tuple(ColumnInput(*each) for each in rows),
        others=tuple((relation, column) for relation, column in others),
    )
