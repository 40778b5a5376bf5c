"""Column lineage says what DuckDB shows when a column is taken away, and what rows show about NULL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from floe_compute_duckdb import DuckDB
from floe_compute_duckdb.lineage import Found, KnownTables
from floe_core.plugins.compute import Column, Lineage, Proof, Relation

TABLES = {
    "t": "id integer, a integer, b integer, c varchar, l integer[], s struct(f integer, g integer)",
    "u": "id integer, k integer, i integer, v varchar",
}
NEVER_NULL = {"t": frozenset({"id"}), "u": frozenset[str]()}

QUERIES = """\
select * exclude (a) replace (b + 1 as b), u.* from t join u using (id)
from t
from t select a
select t.*, b as more from t
select columns('a|b') from t
select max(columns(*)) from u
select * rename (a as aa) from t
select "A" from "T"
select shop.t.a, floe.shop.t.b from floe.shop.t
select s.f, t.s.g, list_transform(l, x -> x + 1) as more, [z + 1 for z in l] as zz from t
select v, q from t as a, unnest(a.l) as n(v), lateral (select a.b as q) as k
select unnest(l) as v, count(*) filter (where a > 1) as n, first(a order by b) as f from t group by l
select * from (t join u using (id))
select u.v, u.* from t join u on u.id = t.id order by t.b
select * from (values (1, 2)) as v(x, y) asof join t on t.id >= v.x
select a from t union all select k from u order by 1 limit 3
select a, b from t union by name select k as a, v from u
select a from t except select k from u
select a from t intersect select k from u
with recursive r(n, m) as (select a, b from t union all select n, k from r join u on id = n) select n from r
with x as (select * from t), y as (select id, count(*) as n from x group by 1) from y where n > 1
with src as (select id, a, b from t) select id from src
with src as (select * from t) select id from src
select a, sum(b) over w as s from t window w as (partition by c order by id) qualify rank() over w = 1
select row_number() over (order by a) as rn, lag(b) over (partition by c order by a) as before from t
select {'a': a, 'b': b} as packed, struct_pack(q := c) as q from t
select a, sum(b) as total from t group by all order by all
select distinct on (a) a, b from t semi join u on t.a = u.i
select * from t anti join u using (id)
select * from t natural join u
select s['f'] as f, exists(select 1 from u where u.i = t.a) as e, a in (select k from u) as n from t
select interval 1 day as gap, current_date as now, extract(year from current_date) as y, a::bigint as a from t
select a as x, x + 1 as y from t where x > 2
select coalesce(a, 0) as c0, case when a > 0 then 'x' else c end as c1 from t left join u on t.id = u.k
select case when a > 0 then 1 else 2 end as one, count(*) over () as n, a is null as missing from t
select t.id, u.id as uid, coalesce(u.id, 0) as z from t left join u using (id)
select id, a from t full join u using (id) where a is not null
select id, a from t right join u using (id)
select id, sum(a) as s, count(a) as n, max(id) as m, min(b) as b from t group by id
select id, sum(a) as s, count(a) as n from t group by rollup (id)
select max(id) as m, count(*) as n from t
select (select max(k) from u where u.id = t.id) as m, id + 1 as more, -id as less, id / 0 as no from t
select x.* from t as x join t as y on x.id = y.a where y.c like 'x%'
select * from (select a, b, a from t) where a_1 > 1
select max(x) as m from (select unnest(l) as x from t)
select g.n, t.a from generate_series(1, 3) as g(n), t
select string_agg(c, ',' order by a) as all_c from t having count(*) > (select max(k) from u)
select id from t where (a, b) in (select k, i from u)
select a from t where a = 1 and b between 1 and 3 and c is not null
select upper(c) as up, length(c) as n, c || 'x' as more, concat(c, 'x') as joined from t where c is not null
select try_cast(c as integer) as n, nullif(id, 1) as maybe, id = 1 as is_one, not (id = 1) as is_not from t
select distinct a, t.b from t join u on t.id = u.id and u.k > 3
select a from t anti join u on t.a = u.k
select id, k from u anti join t using (id)
select id from u join t using (id) right join (select k as kk from u) on kk = t.a
select id from (select k from u) left join ((select id, i from u) x join t using (id)) on k = i
select u.id from u full join t using (id) where id >= 0
select a from t where a > all (select k from u where k > 9)
select one, two from (select 1 as one from t where a = 1) positional join (select 2 as two from u)
select sum(1) as s from t where a > 9 group by ()
select 'x' as x, sum(1) as s from t where a > 9 group by all
select u.id, x.k from u, (select id, k from u) x join t using (id)
""".splitlines()

UNFOLLOWED = [
    "pivot t on a using sum(b) group by c",
    "unpivot t on a, b into name n value v",
    "select * like 'a%' from t",
    "select #1 from t",
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as floe; create schema floe.shop; use floe.shop")
        for table, columns in TABLES.items():
            connection.execute(f"create table {table} ({columns})")
        yield connection


def describe(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Column]:
    return [Column(name, kind) for name, kind, *_ in connection.execute(f"describe ({sql})").fetchall()]


def trace(connection: duckdb.DuckDBPyConnection, sql: str) -> Found | None:
    known = KnownTables(("floe", "shop"))
    for table in TABLES:
        columns = describe(connection, f"from {table}")
        known.add(table, ("floe", "shop", table), columns, NEVER_NULL[table])
    return known.lineage(sql, describe(connection, sql))


def read(lineage: Lineage) -> set[tuple[str, str]]:
    """Every column the query depends on."""
    assert lineage.columns is not None
    inputs = {each[:2] for column in (*lineage.columns, lineage.rows) for each in column}
    return {(relation, column) for relation, column in inputs} | set(lineage.others)


def needed(connection: duckdb.DuckDBPyConnection, sql: str) -> set[tuple[str, str]]:
    """The columns without which DuckDB refuses the query, or gives other columns."""
    whole, found = describe(connection, sql), set()
    for table in TABLES:
        columns = describe(connection, f"from {table}")
        for left_out in columns:
            rest = ", ".join(f"{each.name} {each.type}" for each in columns if each != left_out)
            connection.execute(f"create or replace table {table} ({rest})")
            try:
                same = describe(connection, sql) == whole
            except duckdb.Error:
                same = False
            if not same:
                found.add((table, left_out.name))
        connection.execute(f"create or replace table {table} ({TABLES[table]})")
    return found


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize("sql", QUERIES)
def test_the_columns_read_are_those_that_duckdb_needs(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    found = trace(connection, sql)

    assert found is not None
    assert read(found.lineage) == needed(connection, sql)


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize("seed", range(3))
def test_a_column_that_is_never_null_has_no_null_in_any_rows(seed: int) -> None:
    dice = random.Random(seed)

    def value(kind: str) -> str:
        return "null" if dice.random() < 0.4 else kind.replace("N", str(dice.randrange(4)))

    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as floe; create schema floe.shop; use floe.shop")
        for table, columns in TABLES.items():
            connection.execute(f"create table {table} ({columns})")
        for n in range(6):
            ints = ", ".join(value("N") for _ in range(2))
            packed = value("{'f': N, 'g': null}")
            connection.execute(
                f"insert into t values ({n % 4}, {ints}, {value(repr('x'))}, {value('[N, null]')}, {packed})"
            )
            connection.execute(
                f"insert into u values ({value('N')}, {value('N')}, {value('N')}, {value(repr('y'))})"
            )
        for sql in QUERIES:
            found = trace(connection, sql)
            assert found is not None
            for name in found.not_null:
                nulls = connection.execute(f'select count(*) from ({sql}) where "{name}" is null').fetchone()
                assert (sql, name, nulls) == (sql, name, (0,))


@pytest.mark.requirement("FR-094")
def test_what_becomes_of_each_column_is_said_in_openlineages_words() -> None:
    proofs = DuckDB().prove(
        [
            Relation("t", "shop", "t", columns=(Column("id", "INTEGER"), Column("a", "INTEGER"))),
            Relation("u", "shop", "u", columns=(Column("id", "INTEGER"), Column("b", "VARCHAR"))),
            Relation(
                "m",
                "shop",
                "m",
                "with x as (select id, a + 1 as a from t where a > 0)\n"
                "select x.id, max(x.a) as top, any_value(case when u.b = 'y' then x.a end) as chosen,\n"
                "  row_number() over (order by x.id) as place\n"
                "from x left join u on u.id = x.id group by x.id order by top",
                depends_on=("t", "u"),
                not_null=frozenset({"ID"}),
            ),
        ],
        working_dir=Path(),
    )

    lineage = proofs["m"].lineage
    assert lineage is not None
    assert lineage.columns == (
        (("t", "id", "IDENTITY"),),
        (("t", "a", "AGGREGATION"),),
        (("t", "a", "AGGREGATION"), ("u", "b", "CONDITIONAL")),
        (("t", "id", "WINDOW"),),
    )
    assert lineage.rows == (
        ("t", "a", "FILTER"),
        ("t", "a", "SORT"),
        ("t", "id", "JOIN"),
        ("t", "id", "GROUP_BY"),
        ("u", "id", "JOIN"),
    )
    assert proofs["m"].not_null == {"id", "top", "place"}
    assert proofs["m"].reads == ("t", "u")


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize(
    "sql",
    [
        "select id, unnest(l) as v from t",
        "select id, generate_subscripts(l, 1) as n from t",
        "select id, v from t, unnest(l) as x(v)",
        "select id from t cross join lateral unnest(l)",
        "select id from t, generate_series(1, len(l)) as x(n)",
    ],
)
def test_a_list_that_becomes_rows_decides_how_many_there_are(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    found = trace(connection, sql)

    assert found is not None
    assert [(table, column) for table, column, _ in found.lineage.rows] == [("t", "l")]


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize(
    ("projections", "keys"),
    [
        ("a, cast(coalesce(sum(b), 0) as integer) as total, count(c) filter (c > 'm') as n", ["a"]),
        ("x.*, (select max(k) from u) as newest, count(*) as n", ["id", "a", "b", "c"]),
    ],
)
def test_group_by_all_groups_by_what_has_no_aggregate_of_its_own(projections: str, keys: list[str]) -> None:
    columns = tuple(Column(name, "VARCHAR" if name == "c" else "INTEGER") for name in ("id", "a", "b", "c"))
    sql = f"with x as (select id, a, b, c from t) select {projections} from x group by all"
    found = (
        DuckDB()
        .prove(
            [
                Relation("t", "shop", "t", columns=columns),
                Relation("u", "shop", "u", columns=(Column("k", "INTEGER"),)),
                Relation("m", "shop", "m", sql, depends_on=("t", "u")),
            ],
            working_dir=Path(),
        )["m"]
        .lineage
    )

    assert found is not None
    grouped = {column for table, column, kind in found.rows if (table, kind) == ("t", "GROUP_BY")}
    assert grouped == set(keys)


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize("sql", UNFOLLOWED)
def test_where_the_text_does_not_tell_what_is_read_trying_does(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> None:
    assert trace(connection, sql) is None
    tables = [
        Relation(name, "shop", name, columns=tuple(describe(connection, f"from {name}"))) for name in TABLES
    ]
    proofs: dict[str, Proof] = dict(
        DuckDB().prove(
            [*tables, Relation("m", "shop", "m", sql, depends_on=("t", "u"))],
            working_dir=Path(),
        )
    )

    lineage = proofs["m"].lineage
    assert lineage is not None
    assert lineage.columns is None
    assert set(lineage.others) == needed(connection, sql)
