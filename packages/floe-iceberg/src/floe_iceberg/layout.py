"""How a table's files are cut and ordered: Iceberg's transforms and sort orders, as people write them.

``partition_by`` takes ``region``, ``year(at)``, ``month(at)``, ``day(at)``, ``hour(at)``, ``bucket(16, id)``,
``truncate(4, name)``; ``sort_by`` takes ``at``, ``at desc``, ``at desc nulls last``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, NullOrder, SortDirection, SortField, SortOrder
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.types import NestedField

from floe_core.errors import Problem, SpecError
from floe_iceberg.partition_key import is_partitionable
from floe_iceberg.schema import iceberg_type

_FIRST_PARTITION_ID = 1000
TERM = re.compile(
    r"\s*(?:(\w+)\s*\(\s*(?:(\d+)\s*,)?\s*(?P<argument>.+?)\s*\)|(?P<column>.+?))\s*", re.DOTALL
)
SORT = re.compile(
    r"\s*(?P<column>.+?)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*", re.DOTALL | re.IGNORECASE
)
_PLAIN: dict[str, Callable[[], Transform[Any, Any]]] = {
    "identity": IdentityTransform,
    "year": YearTransform,
    "month": MonthTransform,
    "day": DayTransform,
    "hour": HourTransform,
}
_SIZED: dict[str, Callable[[int], Transform[Any, Any]]] = {
    "bucket": BucketTransform,
    "truncate": TruncateTransform,
}


@dataclass(frozen=True)
class Placed:
    """The spec and the order that a write's files have, in the table's own ids."""

    spec: PartitionSpec
    order: SortOrder


@dataclass(frozen=True)
class Layout:
    """What models ask for; None leaves the table's own as it is."""

    partition_by: tuple[str, ...] | None = None
    sort_by: tuple[str, ...] | None = None

    @classmethod
    def of(cls, said: Mapping[str, str | Sequence[str] | None]) -> Layout:
        """From lists of terms, or single ones."""
        terms = {
            key: (value,) if isinstance(value, str) else tuple(value)
            for key, value in said.items()
            if value is not None
        }
        return cls(terms.get("partition_by"), terms.get("sort_by"))

    def over(self, other: Layout) -> Layout:
        """This layout, and the other where this one says nothing."""
        return Layout(
            other.partition_by if self.partition_by is None else self.partition_by,
            other.sort_by if self.sort_by is None else self.sort_by,
        )

    def placed(self, metadata: TableMetadata, schema: Schema) -> Placed:
        """What the layout means for rows of the schema; new ids where the table has none for it yet.

        Raises SpecError for a column that is not there and for a transform its type does not allow.
        """
        placed = current(metadata, schema)
        spec, order = placed.spec, placed.order
        if self.partition_by is not None:
            terms = [term(text, schema) for text in self.partition_by]
            spec = _spec(metadata, [(field.field_id, transform, name) for field, transform, name in terms])
        if self.sort_by is not None:
            order = _order(metadata, [sort_field(text, schema) for text in self.sort_by])
        return Placed(spec, order)


def check_layout(
    said: Mapping[str, str | Sequence[str] | None], columns: Sequence[tuple[str, str]]
) -> list[Problem]:
    """What of the terms does not fit columns with these names and DuckDB types."""
    schema = Schema(
        *(
            NestedField(number, name, iceberg_type(kind, column=name), required=False)
            for number, (name, kind) in enumerate(columns, start=1)
        )
    )
    layout, problems = Layout.of(said), list[Problem]()
    checks: list[tuple[Callable[[str, Schema], object], tuple[str, ...] | None]] = [
        (term, layout.partition_by),
        (sort_field, layout.sort_by),
    ]
    for check, terms in checks:
        for text in terms or ():
            try:
                check(text, schema)
            except SpecError as error:
                problems += error.problems
    return problems


def current(metadata: TableMetadata, schema: Schema) -> Placed:
    """How the table's files are laid out by default; plainly, as far as floe cannot do that."""
    spec, order = metadata.spec(), metadata.sort_order()
    return Placed(
        spec if is_writable(spec, schema) else unpartitioned_spec(metadata),
        order if fits(order, schema) else UNSORTED_SORT_ORDER,
    )


def unpartitioned_spec(metadata: TableMetadata) -> PartitionSpec:
    """The spec without partitions; a new one if the table has none."""
    return _spec(metadata, [])


def is_writable(spec: PartitionSpec, schema: Schema) -> bool:
    """Whether floe can write files of the spec for rows of the schema."""
    fields = {field.field_id: field for field in schema.fields}
    return all(
        field.source_id in fields and is_partitionable(field.transform, fields[field.source_id].field_type)
        for field in spec.fields
    )


def fits(order: SortOrder, schema: Schema) -> bool:
    """Whether rows of the schema can be put into the order."""
    ids = {field.field_id for field in schema.fields}
    return all(
        field.source_id in ids and isinstance(field.transform, IdentityTransform) for field in order.fields
    )


def term(text: str, schema: Schema) -> tuple[NestedField, Transform[Any, Any], str]:
    found = TERM.fullmatch(text)
    function, size, argument, plain = found.groups() if found else (None, None, None, text)
    field = column(str(plain or argument), schema, text)
    transform = _transform((function or "identity").lower(), size, text)
    if not is_partitionable(transform, field.field_type):
        raise SpecError(
            Problem(
                "FLOE-E451",
                f"partition_by '{text}': column '{field.name}' is of type '{field.field_type}', "
                "which it is not for",
                hint="days and hours are of timestamps; cast the column, or take another transform",
            )
        )
    endings = {"bucket": "_bucket", "truncate": "_trunc"}
    name = (function or "identity").lower()
    ending = endings.get(name, "" if name == "identity" else f"_{name}")
    return field, transform, f"{field.name}{ending}"


def _transform(function: str, size: str | None, text: str) -> Transform[Any, Any]:
    if function in _PLAIN and size is None:
        return _PLAIN[function]()
    if function in _SIZED and size is not None and int(size) > 0:
        return _SIZED[function](int(size))
    raise SpecError(
        Problem(
            "FLOE-E450",
            f"partition_by '{text}' is no transform",
            hint="a column, year(c), month(c), day(c), hour(c), bucket(16, c) or truncate(4, c)",
        )
    )


def sort_field(text: str, schema: Schema) -> SortField:
    found = SORT.fullmatch(text)
    name, direction, nulls = found.groups() if found else (text, None, None)
    descending = (direction or "").lower() == "desc"
    first = (nulls or ("last" if descending else "first")).lower() == "first"
    return SortField(
        source_id=column(name, schema, text).field_id,
        transform=IdentityTransform(),
        direction=SortDirection.DESC if descending else SortDirection.ASC,
        null_order=NullOrder.NULLS_FIRST if first else NullOrder.NULLS_LAST,
    )


def column(name: str, schema: Schema, text: str) -> NestedField:
    """The column of the name, quoted or not; SpecError, telling the text, when there is none."""
    bare = name[1:-1].replace('""', '"') if len(name) > 1 and name[0] == name[-1] == '"' else name
    field = next((field for field in schema.fields if field.name.lower() == bare.lower()), None)
    if field is None:
        raise SpecError(
            Problem(
                "FLOE-E452",
                f"'{text}' names no column of the table",
                hint="its columns: " + ", ".join(field.name for field in schema.fields),
            )
        )
    return field


def _spec(metadata: TableMetadata, terms: Sequence[tuple[int, Transform[Any, Any], str]]) -> PartitionSpec:
    """The table's spec of these terms, or a new one in which a term known before keeps its field id."""
    wanted = [(source_id, transform) for source_id, transform, _ in terms]
    for spec in metadata.partition_specs:
        if [(field.source_id, field.transform) for field in spec.fields] == wanted:
            return spec
    known = {
        (field.source_id, str(field.transform)): field.field_id
        for spec in metadata.partition_specs
        for field in spec.fields
    }
    next_id = max(metadata.last_partition_id or 0, _FIRST_PARTITION_ID - 1) + 1
    fields = []
    for source_id, transform, name in terms:
        field_id = known.get((source_id, str(transform)))
        if field_id is None:
            field_id, next_id = next_id, next_id + 1
        fields.append(PartitionField(source_id, field_id, transform, name))
    return PartitionSpec(*fields, spec_id=max(spec.spec_id for spec in metadata.partition_specs) + 1)


def _order(metadata: TableMetadata, fields: Sequence[SortField]) -> SortOrder:
    if not fields:
        return UNSORTED_SORT_ORDER
    found = next((order for order in metadata.sort_orders if list(order.fields) == list(fields)), None)
    if found is not None:
        return found
    newest = max((order.order_id for order in metadata.sort_orders), default=0)
    return SortOrder(*fields, order_id=newest + 1)
