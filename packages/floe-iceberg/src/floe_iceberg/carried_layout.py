"""What a branch asks of a table's layout, carried over to a schema that calls its columns otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pyiceberg.schema import Schema

from floe_core.errors import SpecError
from floe_iceberg.layout import SORT, TERM, Layout, column, sort_field, term
from floe_iceberg.sql import identifier


def carried(layout: Layout, before: Schema, after: Schema) -> Layout:
    """The same columns by the names they have after it; plain where one is gone, or of another type."""

    def over(
        terms: Sequence[str] | None, form: re.Pattern[str], check: Callable[[str, Schema], object]
    ) -> tuple[str, ...] | None:
        if terms is None:
            return None
        there = [text for old in terms if (text := _renamed(old, form, before, after))]
        try:
            for text in there:
                check(text, after)
        except SpecError:
            return ()
        return tuple(there) if len(there) == len(terms) else ()

    return Layout(over(layout.partition_by, TERM, term), over(layout.sort_by, SORT, sort_field))


def _renamed(text: str, form: re.Pattern[str], before: Schema, after: Schema) -> str | None:
    found = form.fullmatch(text)
    assert found is not None  # it was checked when it was asked for
    start, end = found.span("column") if found["column"] else found.span("argument")
    old = column(text[start:end], before, text)
    new = next((field for field in after.fields if field.field_id == old.field_id), None)
    if new is None or new.name == old.name:
        return text if new else None
    return text[:start] + identifier(new.name) + text[end:]
