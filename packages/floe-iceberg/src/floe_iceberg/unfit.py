"""Rows that do not fit a column's new type: told with the column's name, not with what reading calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from pyiceberg.schema import Schema

from floe_core.errors import Problem, WorkError

_OF_COLUMN = re.compile(r" when casting from source column c(\d+)\b")


@contextmanager
def told_by_name(old: Schema, new: Schema) -> Iterator[None]:
    """Around work that reads rows of the old schema as the new one has them."""
    try:
        yield
    except duckdb.ConversionException as error:
        found = _OF_COLUMN.search(str(error))
        field = next((field for field in old.fields if found and field.field_id == int(found[1])), None)
        if field is None or found is None or f"c{found[1]}" in new.column_names:
            raise
        wanted = next((each for each in new.fields if each.name.lower() == field.name.lower()), field)
        raise WorkError(
            Problem(
                "FLOE-E523",
                f"column '{field.name}' cannot change from '{field.field_type}' to '{wanted.field_type}': "
                + str(error).splitlines()[0].replace(found[0], ""),
                hint="cast it in the query to the type it has, or run with --full-refresh",
            )
        ) from error
