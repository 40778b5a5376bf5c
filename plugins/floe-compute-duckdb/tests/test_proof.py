"""Binding over empty tables finds what would fail, and the columns there will be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from floe_compute_duckdb import DuckDB
from floe_core.plugins.compute import BindError, Column, Proof, Relation


def relation(name: str, sql: str | None = None, *reads: str, **more: object) -> Relation:
    return Relation(name, "shop", name, sql, depends_on=reads, **more)  # type: ignore[arg-type]


def prove(*relations: Relation, folder: Path = Path()) -> dict[str, Proof]:
    return dict(DuckDB().prove(relations, folder))


RAW = relation("raw", columns=(Column("id", "integer"), Column("name", "text"), Column("n", "float8")))


@pytest.mark.requirement("FR-010", "WU-6")
def test_columns_have_the_types_that_the_lake_gives_back() -> None:
    proofs = prove(
        RAW,
        relation(
            "totals", 'select name, sum(id) as total, 1::tinyint as one from "floe"."shop"."raw" group by 1'
        ),
        relation("used", "select total, total / 2 as half, one + 1 as two from floe.shop.totals"),
    )

    assert proofs["raw"].columns == (
        Column("id", "INTEGER"),
        Column("name", "VARCHAR"),
        Column("n", "DOUBLE"),
    )
    assert proofs["totals"].columns == (
        Column("name", "VARCHAR"),
        Column("total", "DECIMAL(38,0)"),
        Column("one", "INTEGER"),
    )
    assert proofs["used"].columns == (
        Column("total", "DECIMAL(38,0)"),
        Column("half", "DOUBLE"),
        Column("two", "INTEGER"),
    )


@pytest.mark.requirement("FR-015", "WU-6")
def test_an_error_has_its_place_and_candidates_and_is_told_once() -> None:
    proofs = prove(
        RAW,
        relation("bad", "select\n  id,\n  nme -- é\nfrom floe.shop.raw", "raw"),
        relation("reads_bad", "select id from floe.shop.bad", "bad"),
        relation("below", "select id from floe.shop.reads_bad", "reads_bad"),
        relation("syntax", "select id frm floe.shop.raw where", "raw"),
        relation("twice", "select 1 as id, 2 as ID"),
        relation("pause", "select interval 1 day as gap"),
        relation("nowhere", "select * from floe.shop.nope"),
        relation("semicolon", "select 1 as id;"),
    )

    assert proofs["bad"].error == BindError(
        'Referenced column "nme" not found in FROM clause!\nCandidate bindings: "name", "n"', 3, 3
    )
    assert (proofs["reads_bad"], proofs["below"]) == (Proof(), Proof())
    assert proofs["syntax"].error == BindError('syntax error at or near "floe"', 1, 15)
    assert proofs["twice"].error == BindError("column 'ID' is there twice: give one of them another name")
    assert proofs["pause"].error == BindError(
        "column 'gap' has the type 'INTERVAL', which Iceberg tables cannot hold\ncast it: epoch(\"gap\")"
    )
    assert "nope" in str(proofs["nowhere"].error)
    assert proofs["semicolon"].error == BindError('syntax error at or near ";"', 1, 15)


@pytest.mark.requirement("FR-024", "WU-6")
def test_a_tests_rows_are_counted_so_that_its_columns_may_be_anything() -> None:
    joined = "select a.*, b.*, interval 1 day as gap from floe.shop.raw a join floe.shop.raw b using (id)"
    proofs = prove(
        RAW,
        Relation("test.shop.same_name_twice", "shop", "same_name_twice", joined),
        Relation("test.shop.bad", "shop", "bad", "select *\nfrom floe.shop.raw\nwhere nme = 1"),
        relation("model", joined),
    )

    assert proofs["test.shop.same_name_twice"] == Proof((Column("failures", "BIGINT"),), reads=("raw",))
    assert proofs["test.shop.bad"].error == BindError(
        'Referenced column "nme" not found in FROM clause!\nCandidate bindings: "name", "n"', 3, 7
    )
    assert proofs["model"].error == BindError("column 'id' is there twice: give one of them another name")


@pytest.mark.requirement("WU-6")
def test_what_reads_a_deferred_relation_is_deferred_and_what_does_not_is_proven() -> None:
    proofs = prove(
        RAW,
        relation("asks"),
        relation("reads_it", "select * from floe.shop.asks", "asks"),
        relation("names_it_only", "select id from floe.shop.raw", "asks", "raw"),
    )

    assert (proofs["asks"], proofs["reads_it"]) == (Proof(), Proof())
    assert proofs["names_it_only"].columns == (Column("id", "INTEGER"),)


@pytest.mark.requirement("WU-6", "FR-022")
def test_files_are_looked_up_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("id,name\n1,a\n")

    proofs = prove(relation("m", "select * from 'data/x.csv'"), folder=tmp_path)

    assert proofs["m"].columns == (Column("id", "BIGINT"), Column("name", "VARCHAR"))


@pytest.mark.requirement("WU-6")
def test_schemas_and_databases_are_those_of_the_lake() -> None:
    proofs = prove(
        Relation("a", "shop_archive", "old", "select 1 as id", database="lake-1"),
        Relation("b", "shop", "x", 'select id from "lake-1".shop_archive.old', database="lake-1"),
        Relation("c", "shop_archive", "y", "select id from x", database="lake-1"),
    )

    assert [proof.columns for proof in proofs.values()] == [(Column("id", "INTEGER"),)] * 3


@pytest.mark.requirement("WU-6")
def test_a_thousand_chained_models_take_less_than_three_seconds_of_cpu() -> None:
    chain = [relation("m0", "select 1 as id, 'a' as name")]
    for n in range(1, 1000):
        chain.append(relation(f"m{n}", f'select id, name from "floe"."shop"."m{n - 1}"', f"m{n - 1}"))

    before = time.process_time()
    proofs = prove(*chain)
    spent = time.process_time() - before

    assert proofs["m999"].columns == (Column("id", "INTEGER"), Column("name", "VARCHAR"))
    assert spent < 3


@pytest.mark.requirement("FR-025", "WU-6")
def test_what_a_later_run_of_an_incremental_model_would_bind_is_bound_too() -> None:
    first = "select id, name, n from floe.shop.raw"
    later = f"{first} where id > (select max(id) from floe.shop.inc)"
    proofs = prove(
        RAW,
        relation("inc", first, "raw", incremental_sql=later, not_null=frozenset({"id"})),
        relation("wrong", first, "raw", incremental_sql="select id,\n  nme from floe.shop.raw"),
        relation("fewer", first, "raw", incremental_sql="select id, n from floe.shop.raw"),
        relation("reads_it", "select id from floe.shop.inc", "inc"),
    )

    assert proofs["inc"].columns == (
        Column("id", "INTEGER"),
        Column("name", "VARCHAR"),
        Column("n", "DOUBLE"),
    )
    lineage = proofs["inc"].lineage
    assert lineage is not None
    assert lineage.rows == (("raw", "id", "FILTER"),)
    assert proofs["inc"].not_null == {"id"}
    assert proofs["wrong"].error == BindError(
        'Referenced column "nme" not found in FROM clause!\nCandidate bindings: "name", "n"', 2, 3, True
    )
    assert proofs["fewer"].error == BindError("it gives no column 'name'", incremental=True)
    assert proofs["reads_it"].columns == (Column("id", "INTEGER"),)


@pytest.mark.requirement("FR-010", "WU-6")
def test_only_what_changed_is_bound_again() -> None:
    chain = [
        RAW,
        relation("a", "select id, name from floe.shop.raw", "raw"),
        relation("b", "select id from a", "a"),
        relation("test.shop.t", "select * from floe.shop.b where id is null", "b"),
    ]
    before = prove(*chain)
    asked: list[str] = []

    def earlier(relation: Relation, proofs: Mapping[str, Proof]) -> Proof | None:
        asked.append(relation.unique_id)
        return None if relation.unique_id == "b" else before[relation.unique_id]

    chain[2] = relation("b", "select id, name as called from a", "a")
    after = DuckDB().prove(chain, Path(), earlier)

    assert asked == ["raw", "a", "b", "test.shop.t"]
    assert after["a"] is before["a"]
    assert after["b"].columns == (Column("id", "INTEGER"), Column("called", "VARCHAR"))
