"""The same without floe: what PyIceberg by itself does to the tables, for tests that must fail against it."""

from __future__ import annotations

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from testing.crash.operations import NAMES, NAMESPACE, Attempt


def _append_twice(attempt: Attempt) -> None:
    home = attempt.folder
    catalog = SqlCatalog("floe", uri=f"sqlite:///{home}/catalog.db", warehouse=f"file://{home}/warehouse")
    table = catalog.load_table((NAMESPACE, NAMES[0]))
    for key in (500, 501):
        rows = [{"id": key, "v": attempt.number}]
        table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    catalog.close()


NAIVE = {"two appends by PyIceberg": _append_twice}
