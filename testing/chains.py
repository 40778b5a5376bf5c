"""Small dbt chains for hypothesis: a table of any types that changes, and what is made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Literals = st.SearchStrategy[str]
NUMBERS = {"id", "grp", "amount"}  # the columns every table has, whatever else
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _whole(low: int, high: int) -> Literals:
    return st.integers(low, high).map(lambda value: f"({value})")


def _quoted(values: st.SearchStrategy[Any]) -> Literals:
    return values.map(lambda value: text(str(value)))


def _decimals(precision: int, scale: int) -> Literals:
    top = 10 ** (precision - scale) - 1
    return st.decimals(-top, top, places=scale).map(lambda value: f"'{value}'")


def _list(of: Literals) -> Literals:
    return st.lists(nullable(of), max_size=3).map(lambda values: f"[{', '.join(values)}]")


def nullable(of: Literals) -> Literals:
    return st.one_of(st.just("null"), of)


VALUES: Mapping[str, Literals] = {
    "BOOLEAN": st.sampled_from(["true", "false"]),
    "TINYINT": _whole(-128, 127),
    "SMALLINT": _whole(-(2**15), 2**15 - 1),
    "INTEGER": _whole(-(2**31), 2**31 - 1),
    "BIGINT": _whole(-(2**63), 2**63 - 1),
    "UTINYINT": _whole(0, 255),
    "USMALLINT": _whole(0, 2**16 - 1),
    "UINTEGER": _whole(0, 2**32 - 1),
    "UBIGINT": _whole(0, 2**64 - 1),
    "HUGEINT": _whole(1 - 10**38, 10**38 - 1),
    "FLOAT": st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda value: f"'{value!r}'"),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False).map(lambda value: f"'{value!r}'"),
    "DECIMAL(5,2)": _decimals(5, 2),
    "DECIMAL(18,9)": _decimals(18, 9),
    "DECIMAL(38,3)": _decimals(38, 3),
    "VARCHAR": _TEXT.map(text),
    "JSON": st.dictionaries(st.sampled_from("ab"), st.integers(0, 9)).map(
        lambda value: text(str(value).replace("'", '"'))
    ),
    "ENUM('a', 'ü', '')": st.sampled_from(["'a'", "'ü'", "''"]),
    "BLOB": st.binary(max_size=6).map(lambda value: f"from_hex('{value.hex()}')"),
    "UUID": _quoted(st.uuids()),
    "DATE": _quoted(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))),
    "TIME": _quoted(st.times()),
    "TIMESTAMP": _quoted(_MOMENTS),
    "TIMESTAMP_S": _quoted(_MOMENTS.map(lambda value: value.replace(microsecond=0))),
    "TIMESTAMP_MS": _quoted(_MOMENTS.map(lambda value: value.replace(microsecond=5000))),
    "TIMESTAMP WITH TIME ZONE": _quoted(_MOMENTS.map(lambda value: f"{value}+02")),
    "INTEGER[]": _list(_whole(-9, 9)),
    "VARCHAR[][]": _list(_list(_TEXT.map(text))),
    'STRUCT(a TINYINT, "b c" VARCHAR)': st.tuples(nullable(_whole(0, 9)), nullable(_TEXT.map(text))).map(
        lambda pair: f"{{'a': {pair[0]}, 'b c': {pair[1]}}}"
    ),
    "STRUCT(l DECIMAL(5,2)[])": _list(_decimals(5, 2)).map(lambda value: f"{{'l': {value}}}"),
    "MAP(INTEGER, DATE)": st.dictionaries(
        st.integers(0, 9), nullable(_quoted(st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)))), max_size=3
    ).map(lambda value: f"map {{{', '.join(f'{key}: {each}' for key, each in value.items())}}}"),
}
_WIDER = {"INTEGER": "BIGINT", "FLOAT": "DOUBLE", "DECIMAL(5,2)": "DECIMAL(9,2)"}


@dataclass(frozen=True)
class Delivery:
    """What the first table of a chain is at one time: columns with types, and rows of SQL's literals."""

    columns: Mapping[str, str]
    rows: Sequence[Sequence[str]]

    def sql(self) -> str:
        names = ", ".join(f'"{name}"' for name in self.columns)
        rows = self.rows or [["null"] * len(self.columns)]
        values = ", ".join(f"({', '.join(row)})" for row in rows)
        casts = ", ".join(f'cast("{name}" as {type_}) as "{name}"' for name, type_ in self.columns.items())
        where = "" if self.rows else " where false"
        return f"{{% raw %}}select {casts} from (values {values}) t({names}){where}{{% endraw %}}"


@dataclass(frozen=True)
class Chain:
    """Models of one chain, named after its number, and what its first table is, delivery after delivery."""

    number: int
    between: str
    configs: Mapping[str, str]
    deliveries: Sequence[Delivery]

    @property
    def tables(self) -> list[str]:
        """All that can be looked at; an ephemeral model cannot."""
        made = ["raw", "grouped", *self.configs, *([] if self.between == "ephemeral" else ["between"])]
        return [f"{name}_{self.number}" for name in made]

    @property
    def plain_merges(self) -> set[str]:
        """The models that merge by a key, with no other option."""
        options = ("merge_", "predicates")
        return {
            name
            for name, config in self.configs.items()
            if "'merge'" in config and not any(option in config for option in options)
        }

    def files(self, delivery: int) -> Iterator[tuple[str, str]]:
        """The models' names and texts at a delivery."""
        number = self.number
        yield f"raw_{number}", self.deliveries[delivery].sql()
        yield (
            f"between_{number}",
            f"{{{{ config(materialized='{self.between}') }}}} select * from {{{{ ref('raw_{number}') }}}}",
        )
        yield (
            f"grouped_{number}",
            "select grp, count(*) as n, sum(amount) as total, avg(amount) as mean, max(id) as last"
            f" from {{{{ ref('between_{number}') }}}} group by grp",
        )
        for name, config in self.configs.items():
            yield (
                f"{name}_{number}",
                f"{{{{ config(materialized='incremental', {config}) }}}}"
                f" select * from {{{{ ref('between_{number}') }}}}",
            )


_POLICIES = ["ignore", "ignore", "append_new_columns", "append_new_columns", "sync_all_columns", "fail"]
STRATEGIES = (
    "incremental_strategy='append'",
    "unique_key='grp'",
    "unique_key=['id', 'grp'], incremental_strategy='delete+insert'",
    "unique_key='id', incremental_strategy='delete+insert', incremental_predicates=['amount > 0']",
    "unique_key='id', incremental_strategy='merge'",
    "unique_key=['id', 'grp'], incremental_strategy='merge'",
    "unique_key='id', incremental_strategy='merge', merge_update_columns=['amount']",
    "unique_key='id', incremental_strategy='merge', merge_exclude_columns=['amount']",
    "unique_key='id', incremental_strategy='merge',"
    " incremental_predicates=['DBT_INTERNAL_DEST.amount is not null']",
    "unique_key='id', incremental_strategy='merge', merge_update_condition='DBT_INTERNAL_SOURCE.amount > 0'",
)


@st.composite
def _changed(draw: Callable[[st.SearchStrategy[Any]], Any], columns: dict[str, str]) -> dict[str, str]:
    """The columns of the next delivery: mostly the same ones."""
    more = {name: type_ for name, type_ in columns.items() if name not in NUMBERS}
    change = draw(st.sampled_from(["none", "none", "add", "drop", "widen"]))
    if change == "add":
        return columns | {f"c{len(columns)}_new": draw(st.sampled_from(sorted(VALUES)))}
    if change == "drop" and more:
        return {name: type_ for name, type_ in columns.items() if name != draw(st.just(sorted(more)[0]))}
    if change == "widen":
        return {name: _WIDER.get(type_, type_) for name, type_ in columns.items()}
    return columns


@st.composite
def _rows(draw: Callable[[st.SearchStrategy[Any]], Any], columns: Mapping[str, str]) -> list[list[str]]:
    """Rows whose ids are not there twice; the types of a merge's keys are numbers."""
    numbers = {"id": _whole(0, 5), "grp": _whole(0, 2), "amount": _whole(-3, 3)}
    literals = [
        nullable(numbers[name]) if name in NUMBERS else nullable(VALUES[_narrow(type_)])
        for name, type_ in columns.items()
    ]
    drawn = draw(st.lists(st.tuples(*literals), max_size=4, unique_by=lambda row: row[0]))
    return [list(row) for row in drawn]


def _narrow(type_: str) -> str:
    """A type whose values there are strategies for, and that the type holds."""
    return type_ if type_ in VALUES else next(small for small, wide in _WIDER.items() if wide == type_)


@st.composite
def chains(draw: Callable[[st.SearchStrategy[Any]], Any], number: int, deliveries: int) -> Chain:
    """A chain of so many deliveries."""
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    columns = {"id": "INTEGER", "grp": "BIGINT", "amount": "INTEGER"}
    columns |= {f"c{index}": type_ for index, type_ in enumerate(types)}
    delivered = [Delivery(columns, draw(_rows(columns)))]
    for _ in range(deliveries - 1):
        columns = draw(_changed(columns))
        delivered.append(Delivery(columns, draw(_rows(columns))))
    strategies = draw(st.lists(st.sampled_from(STRATEGIES), min_size=1, max_size=3, unique=True))
    configs = {
        f"inc{index}": f"{strategy}, on_schema_change='{draw(st.sampled_from(_POLICIES))}'"
        for index, strategy in enumerate(strategies)
    }
    between = draw(st.sampled_from(["view", "table", "ephemeral"]))
    return Chain(number, between, configs, delivered)
