"""Breaking changes, told as problems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from floe_core.compatibility.changes import Change
from floe_core.compatibility.readers import Reader
from floe_core.errors import Position, Problem

_CODES = {
    "column_dropped": "FLOE-E460",
    "column_retyped": "FLOE-E461",
    "column_nullable": "FLOE-E462",
    "table_dropped": "FLOE-E463",
    "column_unproven": "FLOE-E464",
}
_DEPRECATE = "deprecate it in a release first: 'deprecations: [{%s, since: VERSION}]' in floe.yaml"


def problem_of(change: Change, uncompiled: Sequence[str], project_dir: Path, spec_path: Path) -> Problem:
    """A breaking change where its model is, or where the product is if the model is gone."""
    path = project_dir / change.path
    at = Position.of(path if path.is_file() else spec_path)
    message = f"{described(change)}; {read_by(change.readers, uncompiled)}"
    return Problem(_CODES[change.kind], message, at, _hint(change))


def described(change: Change) -> str:
    """What changed, in words."""
    return _WORDS[change.kind].format(
        name=change.name, table=change.table, before=change.before, after=change.after
    )


def read_by(readers: Sequence[Reader], uncompiled: Sequence[str]) -> str:
    if not readers:
        return f"{nobody(uncompiled)} reads it"
    return f"read by {', '.join(str(reader) for reader in readers)}"


def nobody(uncompiled: Sequence[str]) -> str:
    """Who was asked: all of the platform, or those of it that are compiled."""
    return "no compiled product of this platform" if uncompiled else "nobody on this platform"


def not_asked(uncompiled: Sequence[str]) -> str:
    return f"not compiled, so not asked: {', '.join(uncompiled)}"


def _hint(change: Change) -> str | None:
    if change.became:
        old = change.column or change.table
        return f"if '{change.became}' is its new name: keep '{old}' beside it until nobody reads it any more"
    if change.kind == "column_dropped" and not change.readers:
        return _DEPRECATE % f"column: {change.name}"
    if change.kind == "table_dropped" and not change.readers:
        return _DEPRECATE % f"table: {change.table}"
    if change.kind in ("column_dropped", "table_dropped"):
        return "keep it until they read something else"
    return _HINTS.get(change.kind)


_WORDS = {
    "table_added": "table '{table}' is new",
    "table_dropped": "table '{table}' is dropped",
    "column_added": "column '{name}' is new, {after}",
    "column_dropped": "column '{name}' is dropped, it was {before}",
    "column_widened": "column '{name}' is {after}, it was {before}, which fits in",
    "column_retyped": "column '{name}' is {after}, it was {before}",
    "column_nullable": "column '{name}' may be NULL, it could not be",
    "column_not_null": "column '{name}' is never NULL any more",
    "column_unproven": "column '{name}' is not known before the run any more, it was {before}",
    "column_moved": "the columns of table '{table}' stand in another order",
}
_HINTS = {
    "column_retyped": "add a column of the new type, and keep this one until nobody reads it any more",
    "column_nullable": "add a not_null test, or coalesce() the NULL away",
    "column_unproven": "describe the model's columns with their data_type",
}
