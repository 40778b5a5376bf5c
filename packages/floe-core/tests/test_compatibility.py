"""What may follow a release, and what may not: pairs of schemas against a table of verdicts."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from floe_core.compatibility import Change, compare
from floe_core.compilation.release import refuse_breaking
from floe_core.compiler import compile_floe_spec, compile_product
from floe_core.errors import IncompatibleChange, SpecError
from floe_core.location import locate
from floe_core.schemas.artifacts import (
    ArtifactColumn,
    ArtifactDeprecation,
    ArtifactInput,
    CompiledArtifacts,
)

TYPES = (
    *("INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP"),
    *("DECIMAL(10,2)", "DECIMAL(12,2)", "DECIMAL(12,3)", "INTEGER[]", "BIGINT[]", "MAP(VARCHAR, INTEGER)"),
    *("MAP(VARCHAR, BIGINT)", "STRUCT(a INTEGER)", 'STRUCT(a BIGINT, "b c" VARCHAR)', "STRUCT(b INTEGER)"),
)
WIDER = {
    ("INTEGER", "BIGINT"),
    ("FLOAT", "DOUBLE"),
    ("DECIMAL(10,2)", "DECIMAL(12,2)"),
    ("INTEGER[]", "BIGINT[]"),
    ("MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, BIGINT)"),
    ("STRUCT(a INTEGER)", 'STRUCT(a BIGINT, "b c" VARCHAR)'),
}


class Case(NamedTuple):
    """One column before and after: (type, nullable) or None where it is not there."""

    before: tuple[str, bool] | None
    after: tuple[str, bool] | None
    deprecated: bool
    read: bool


def verdicts(case: Case) -> set[tuple[str, str]]:
    """The table: (kind, verdict) of everything that is to be said of the column."""
    match case:
        case (None, None, _, _):
            return set()
        case (None, _, _, _):
            return {("column_added", "addition")}
        case (_, None, True, False):
            return {("column_dropped", "deprecated")}
        case (_, None, _, _):
            return {("column_dropped", "breaking")}
    assert case.before
    assert case.after
    (old, could_be_null), (new, can_be_null) = case.before, case.after
    said = set()
    if old != new:
        wider = (old, new) in WIDER
        said.add(("column_widened", "addition") if wider else ("column_retyped", "breaking"))
    if could_be_null != can_be_null:
        said.add(("column_nullable", "breaking") if can_be_null else ("column_not_null", "addition"))
    return said


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> CompiledArtifacts:
    """A product with one model, really compiled."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "models").mkdir()
    (folder / "floe.yaml").write_text("metadata: {name: shop, version: 1.4.2}\n")
    (folder / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    (folder / "models/customers.sql").write_text("select 1 as id\n")
    return compile_floe_spec(folder).artifacts


def product(base: CompiledArtifacts, columns: dict[str, tuple[str, bool]], **more: Any) -> CompiledArtifacts:
    """The compiled product with other columns."""
    found = tuple(
        ArtifactColumn(name=name, type=kind, nullable=nullable, description=None, inputs=())
        for name, (kind, nullable) in columns.items()
    )
    return base.model_copy(
        update={"transforms": (base.transforms[0].model_copy(update={"columns": found}),), **more}
    )


def reader(base: CompiledArtifacts, columns: list[str]) -> CompiledArtifacts:
    """Another product, whose model reads these columns of the first one's."""
    read = tuple(
        ArtifactColumn(
            name=f"its_{name}",
            type="VARCHAR",
            nullable=True,
            description=None,
            inputs=(ArtifactInput(dataset="shop.customers", column=name, transformation="TRANSFORMATION"),),
        )
        for name in columns
    )
    model = base.transforms[0].model_copy(
        update={
            "name": "campaigns",
            "table": "campaigns",
            "unique_id": "model.marketing.campaigns",
            "columns": read,
        }
    )
    metadata = base.metadata.model_copy(update={"product_name": "marketing"})
    return base.model_copy(update={"metadata": metadata, "transforms": (model,)})


def check(base: CompiledArtifacts, cases: dict[str, Case]) -> None:
    announced = tuple(
        ArtifactDeprecation(table="customers", column=name, since="1.4.0", instead=None)
        for name, case in cases.items()
        if case.deprecated
    )
    old = {name: case.before for name, case in cases.items() if case.before}
    new = {name: case.after for name, case in cases.items() if case.after}
    marketing = reader(base, [name for name, case in cases.items() if case.read and case.before])
    difference = compare(
        product(base, old, deprecations=announced), product(base, new), [marketing, product(base, new)]
    )

    told = [each for each in difference.changes if each.column]
    expected = {(name, *verdict) for name, case in cases.items() for verdict in verdicts(case)}
    assert {(each.column, each.kind, each.verdict) for each in told} == expected
    for change in told:
        assert change.column
        wanted = [f"marketing.campaigns.its_{change.column}"] if cases[change.column].read else []
        assert [str(each) for each in change.readers] == (wanted if change.kind != "column_added" else [])
    found = {verdict for _, _, verdict in expected}
    bump = "major" if "breaking" in found else "minor" if found else None
    assert bump is None or difference.bump == bump


@pytest.mark.requirement("FR-094")
def test_every_change_of_one_column_is_judged_as_the_table_says(base: CompiledArtifacts) -> None:
    sides = [None, *itertools.product(TYPES, (True, False))]
    for before, after in itertools.product(sides, sides):
        for deprecated, read in itertools.product((True, False), (True, False)):
            if before or (after and not read):
                check(base, {"x": Case(before, after, deprecated, read)})


@pytest.mark.requirement("FR-094")
def test_changes_of_many_columns_at_once_are_judged_one_by_one(base: CompiledArtifacts) -> None:
    dice = random.Random(7)
    for _ in range(150):
        cases: dict[str, Case] = {}
        for number in range(dice.randrange(1, 12)):
            before = None if dice.random() < 0.2 else (dice.choice(TYPES), dice.random() < 0.5)
            after = None if dice.random() < 0.2 else (dice.choice(TYPES), dice.random() < 0.5)
            if before and after and dice.random() < 0.5:
                after = before
            read = before is not None and dice.random() < 0.5
            cases[f"c{number}"] = Case(before, after, dice.random() < 0.3, read)
        check(base, cases)


def changes(base: CompiledArtifacts, old: dict[str, Any], new: dict[str, Any], **more: Any) -> list[Change]:
    return list(compare(product(base, old, **more), product(base, new), []).changes)


@pytest.mark.requirement("FR-094")
def test_a_new_column_of_the_old_ones_type_and_a_name_alike_is_taken_for_it(base: CompiledArtifacts) -> None:
    text, number = ("VARCHAR", True), ("INTEGER", True)
    [dropped, _, _] = changes(base, {"country": text}, {"country_code": text, "country_id": number})
    [other, _] = changes(base, {"country": text}, {"city": text})

    assert (dropped.column, dropped.became) == ("country", "country_code")
    assert other.became is None


@pytest.mark.requirement("FR-094")
def test_the_next_version_follows_from_the_gravest_change(base: CompiledArtifacts) -> None:
    one, two = {"a": ("INTEGER", True)}, {"a": ("INTEGER", True), "b": ("DATE", True)}
    swapped = {"b": ("DATE", True), "a": ("INTEGER", True)}
    other_sql = product(base, one, project_digest="5ad")

    def next_version(before: CompiledArtifacts, after: CompiledArtifacts) -> tuple[str, str | None]:
        difference = compare(before, after, [])
        return difference.bump, difference.version

    assert next_version(product(base, two), product(base, one)) == ("major", "2.0.0")
    assert next_version(product(base, one), product(base, two)) == ("minor", "1.5.0")
    assert next_version(product(base, two), product(base, swapped)) == ("patch", "1.4.3")
    assert next_version(product(base, one), other_sql) == ("patch", "1.4.3")
    assert next_version(product(base, one), product(base, one)) == ("none", "1.4.2")


@pytest.mark.requirement("FR-094")
def test_a_table_nobody_else_may_read_may_change_as_it_likes(base: CompiledArtifacts) -> None:
    def private(columns: dict[str, tuple[str, bool]]) -> CompiledArtifacts:
        made = product(base, columns)
        return made.model_copy(
            update={"transforms": (made.transforms[0].model_copy(update={"access": "private"}),)}
        )

    gone = compare(private({"a": ("DATE", True)}), private({}), [])
    read = compare(private({"a": ("DATE", True)}), private({}), [reader(base, ["a"])])

    assert [(each.verdict, gone.bump) for each in gone.changes] == [("internal", "patch")]
    assert [(each.verdict, read.bump) for each in read.changes] == [("breaking", "major")]


@pytest.mark.requirement("FR-094")
def test_a_table_goes_when_it_was_deprecated_and_nobody_reads_it(base: CompiledArtifacts) -> None:
    announced = ArtifactDeprecation(table="customers", column=None, since="1.4.0", instead=None)
    none = base.model_copy(update={"transforms": ()})

    def verdict(before: CompiledArtifacts, *platform: CompiledArtifacts) -> list[tuple[str, str]]:
        return [(each.kind, each.verdict) for each in compare(before, none, platform).changes]

    kept = base.model_copy(update={"deprecations": (announced,)})
    sees_it = reader(base, [])
    model = sees_it.transforms[0].model_copy(update={"depends_on": ("model.shop.customers",)})
    sees_it = sees_it.model_copy(update={"transforms": (*base.transforms, model)})
    assert verdict(base) == [("table_dropped", "breaking")]
    assert verdict(kept) == [("table_dropped", "deprecated")]
    assert verdict(kept, sees_it) == [("table_dropped", "breaking")]


@pytest.mark.requirement("FR-094", "FR-015")
def test_compiling_against_a_release_refuses_what_breaks_its_readers_and_writes_nothing(
    shop: Path, tmp_path: Path
) -> None:
    model, kept = shop / "models/marts/customers.sql", shop / "models/marts/kept.sql"
    pivoted = shop / "models/marts/pivoted.sql"
    for each in (kept, pivoted):
        each.write_text("select 1 as id\n")
    released = compile_floe_spec(shop)
    release = tmp_path / "released.json"
    release.write_bytes(released.artifacts.to_bytes())
    kept.write_text("select nullif(1, 2) as id\n")
    pivoted.write_text("select {{ run_query('select 1').columns[0].values()[0] if execute }} as id\n")
    model.write_text(
        "select customer as name, sum(amount)::double as total from {{ ref('stg_orders') }} group by 1"
    )
    described = (shop / "models/schema.yml").read_text()
    (shop / "models/schema.yml").unlink()

    with pytest.raises(IncompatibleChange) as refused:
        compile_product(locate(shop), against=release)

    assert [str(problem) for problem in refused.value.problems] == [
        "models/marts/customers.sql:1:1: FLOE-E460 column 'customers.customer' is dropped, it was VARCHAR; "
        "nobody on this platform reads it\n"
        "  hint: if 'name' is its new name: keep 'customer' beside it until nobody reads it any more",
        "models/marts/customers.sql:1:1: FLOE-E461 column 'customers.total' is DOUBLE, it was DECIMAL(38,0); "
        "nobody on this platform reads it\n"
        "  hint: add a column of the new type, and keep this one until nobody reads it any more",
        "models/marts/kept.sql:1:1: FLOE-E462 column 'kept.id' may be NULL, it could not be; "
        "nobody on this platform reads it\n"
        "  hint: add a not_null test, or coalesce() the NULL away",
        "models/marts/pivoted.sql:1:1: FLOE-E464 column 'pivoted.id' is not known before the run any more, "
        "it was INTEGER; nobody on this platform reads it\n"
        "  hint: describe the model's columns with their data_type",
    ]
    assert refused.value.exit_status == 1
    assert released.location.artifacts_path.read_bytes() == release.read_bytes()
    for each in (kept, pivoted):
        each.write_text("select 1 as id\n")
    model.write_text(
        "select customer, sum(amount) as total, 1 as more from {{ ref('stg_orders') }} group by 1"
    )
    (shop / "models/schema.yml").write_text(described)
    (shop / "floe.yaml").write_text(
        "metadata: {name: shop, owner: sales}\ndeprecations: [{column: customers.total, since: 1.0.0}]\n"
    )
    compatible = compile_product(locate(shop), against=release).artifacts
    assert [model.name for model in compatible.transforms] == ["customers", "kept", "pivoted", "stg_orders"]
    with pytest.raises(SpecError, match="FLOE-E466 not a compiled artifact"):
        compile_product(locate(shop), against=shop / "floe.yaml")


@pytest.fixture
def platform(base: CompiledArtifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform of the shop and of 'marketing', which reads the city of its customers."""
    files = {
        "manifest.yaml": b"metadata: {name: p}\n",
        "shop/floe.yaml": b"metadata: {name: shop}\n",
        "marketing/floe.yaml": b"metadata: {name: marketing}\n",
        "marketing/target/floe/compiled_artifacts.json": reader(base, ["city"]).to_bytes(),
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.requirement("FR-094", "FR-015")
@pytest.mark.parametrize("another_version", [False, True])
def test_what_was_announced_stays_as_long_as_a_product_that_may_read_it_is_not_compiled(
    base: CompiledArtifacts, platform: Path, another_version: bool
) -> None:
    both, one = {"id": ("INTEGER", True), "city": ("VARCHAR", True)}, {"id": ("INTEGER", True)}
    announced = ArtifactDeprecation(table="customers", column="city", since="1.4.0", instead=None)
    released, kept = product(base, both, deprecations=(announced,)), product(base, both)
    shop, its_artifact = locate(Path("shop")), platform / "marketing/target/floe/compiled_artifacts.json"
    with pytest.raises(IncompatibleChange, match="was VARCHAR; read by marketing") as read:
        refuse_breaking(shop, product(base, one), released)
    assert [problem.hint for problem in read.value.problems] == ["keep it until they read something else"]

    its_artifact.write_text("{}") if another_version else its_artifact.unlink()

    with pytest.raises(SpecError) as unknown:
        refuse_breaking(shop, product(base, one), released)
    told = "FLOE-E468 not compiled, so nobody can tell what they read: 'marketing'"
    assert str(unknown.value) == f"{told}\n  hint: floe platform compile"
    with pytest.raises(IncompatibleChange) as refused:
        refuse_breaking(shop, product(base, one), kept)
    assert [problem.message.partition("; ")[2] for problem in refused.value.problems] == [
        "",
        "no compiled product of this platform reads it",
    ]
    refuse_breaking(shop, released, kept)  # nothing goes, so nobody is asked
