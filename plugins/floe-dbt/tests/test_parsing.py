"""Parsing tells what a project holds, and what is wrong with it in dbt's words with file and line."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from floe_core.errors import SpecError
from floe_dbt.order import Cycle, dependency_order
from testing.dbt_project import DbtProject, MakeProject


def problem(project: DbtProject, monkeypatch: pytest.MonkeyPatch) -> str:
    """The one problem of a project, as somebody in its folder sees it."""
    monkeypatch.chdir(project.folder)
    with pytest.raises(SpecError) as raised:
        project.parse()
    [found] = raised.value.problems
    return f"{found.at}: {found.message}"


@pytest.mark.requirement("FR-010", "FR-020")
def test_nodes_come_in_dependency_order_with_what_floe_needs(project: DbtProject) -> None:
    project.seeds(raw="id\n1\n").models(
        z_first="{{ config(tags=['t'], meta={'layer': 'gold'}) }} select * from {{ ref('raw') }}",
        a_second="select * from {{ ref('z_first') }} join {{ source('ext', 'src') }} using (id)",
        off="{{ config(enabled=false) }} select 1",
    )
    project.write(
        "models/schema.yml",
        """
sources: [{name: ext, schema: elsewhere, tables: [{name: src, columns: [{name: id, data_type: bigint}]}]}]
models:
- name: z_first
  description: what it is
  meta: {owner: ann}
  columns:
  - {name: id, description: the key, data_tests: [unique, {not_null: {config: {severity: warn}}}]}
unit_tests:
- {name: adds, model: z_first, given: [{input: ref('raw'), rows: [{id: 1}]}], expect: {rows: [{id: 1}]}}
""",
    )
    project.write("tests/no_zero.sql", "select * from {{ ref('a_second') }} where id = 0")

    parsed = project.parse()

    nodes = {node.name: node for node in parsed.nodes}
    assert (parsed.name, parsed.profile) == ("shop", "shop")
    order = [node.name for node in parsed.nodes]
    assert sorted(order) == [
        "a_second",
        "adds",
        "no_zero",
        "not_null_z_first_id",
        "raw",
        "src",
        "unique_z_first_id",
        "z_first",
    ]
    assert [order.index(name) for name in ("raw", "z_first", "a_second", "no_zero")] == sorted(
        order.index(name) for name in ("raw", "z_first", "a_second", "no_zero")
    )
    first = nodes["z_first"]
    assert (first.alias, first.database, first.schema) == ("z_first", "floe", "shop_1")
    assert (first.path, first.package, first.materialized) == ("models/z_first.sql", "shop", "view")
    assert (first.depends_on, first.tags, first.description) == (("seed.shop.raw",), ("t",), "what it is")
    assert first.meta == {"layer": "gold", "owner": "ann"}
    assert (first.columns, first.column_descriptions) == ((("id", None),), {"id": "the key"})
    assert first.raw_sha256 == hashlib.sha256((project.folder / first.path).read_bytes()).hexdigest()
    assert nodes["src"].columns == (("id", "bigint"),)
    assert (nodes["src"].schema, nodes["src"].resource_type) == ("elsewhere", "source")
    assert nodes["not_null_z_first_id"].attached == "model.shop.z_first"
    assert nodes["not_null_z_first_id"].severity == "warn"
    assert (nodes["no_zero"].attached, nodes["no_zero"].severity) == ("model.shop.a_second", "error")
    assert (nodes["adds"].resource_type, nodes["adds"].attached) == ("unit_test", "model.shop.z_first")


@pytest.mark.requirement("FR-010", "FR-016")
def test_environment_variables_are_told_with_their_values(
    project: DbtProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_REGION", "eu")
    project.models(a="select '{{ env_var('SHOP_REGION') }}' as r, '{{ env_var('SHOP_UNSET', 'x') }}' as u")

    assert project.parse().env_vars == {"SHOP_REGION": "eu", "SHOP_UNSET": None}


BROKEN = {
    "models/a.sql:4:1: unexpected '}', expected ')'": {"models/a.sql": "\n\nselect 1 as id,\n{{ foo( }}"},
    "models/a.sql:2:15: model 'model.shop.a' (models/a.sql) depends on a node named 'nope'"
    " which was not found": {"models/a.sql": "select * from\n      {{ ref('nope') }}"},
    "models/b.yml:3:4: not valid YAML: while parsing a block collection,"
    " did not find expected '-' indicator": {"models/b.yml": "models:\n  - name: stg\n   description: x\n"},
    "models/a.sql:2:13: Env var required but not provided: 'NOT_SET_HERE'": {
        "models/a.sql": "select 1,\n{{ env_var('NOT_SET_HERE') }}"
    },
    "models/a.sql:2:13: Node model.shop.a attempted to reference node model.shop.own, which is not allowed"
    " because the referenced node is private to the 'g' group.": {
        "models/a.sql": "select g.* from\n    {{ ref('own') }} g",
        "models/own.sql": "{{ config(access='private', group='g') }} select 1 as id",
        "models/g.yml": "groups: [{name: g, owner: {email: g@example.com}}]\n",
    },
    "models/a.sql:1:37: no way": {"models/a.sql": "{{ exceptions.raise_compiler_error('no way') }}"},
    "models/a.sql:1:1: models depend on each other in a ring: a → b → a": {
        "models/a.sql": "select * from {{ ref('b') }}",
        "models/b.sql": "select * from {{ ref('a') }}",
    },
    "dbt_project.yml:1:1: dbt could not parse the project: ValidationError Invalid value for"
    " on_schema_change: ignore. Models materialized as incremental with contracts enabled must set"
    " on_schema_change to 'append_new_columns' or 'fail'": {
        "models/a.sql": "{{ config(materialized='incremental') }} select 1 as id",
        "models/a.yml": "models: [{name: a, config: {contract: {enforced: true}},"
        " columns: [{name: id, data_type: int}]}]\n",
    },
}


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize("expected", BROKEN)
def test_a_broken_project_is_told_with_file_line_and_dbts_words(
    project: DbtProject, monkeypatch: pytest.MonkeyPatch, expected: str
) -> None:
    for path, text in BROKEN[expected].items():
        project.write(path, text)

    assert problem(project, monkeypatch) == expected


@pytest.mark.requirement("FR-015")
def test_missing_packages_name_the_command_that_installs_them(
    project: DbtProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("packages.yml", "packages: [{package: dbt-labs/dbt_utils, version: 1.3.0}]\n")
    monkeypatch.chdir(project.folder)

    with pytest.raises(SpecError) as raised:
        project.parse()

    [found] = raised.value.problems
    assert str(found.at) == "packages.yml:1:1"
    assert found.message == "1 dbt package is named here, 0 installed"
    assert found.hint == "dbt deps --project-dir . --profiles-dir target/floe"
    assert raised.value.exit_status == 2


@pytest.mark.requirement("FR-010")
def test_a_package_counts_as_part_of_the_project(make_project: MakeProject) -> None:
    project = make_project(project_file="name: shop\nversion: '1.0'\nprofile: shop\n# with a package\n")
    project.write("packages.yml", "packages: [{local: ../mine}]\n")
    project.write("dbt_packages/mine/dbt_project.yml", "name: mine\nversion: '1.0'\n")
    project.write("dbt_packages/mine/models/theirs.sql", "select {{ mine.two() }} as n")
    project.write("dbt_packages/mine/macros/two.sql", "{% macro two() %}2{% endmacro %}")

    [node] = project.parse().nodes

    assert (node.unique_id, node.package) == ("model.mine.theirs", "mine")
    assert node.path == "dbt_packages/mine/models/theirs.sql"
    assert project.compile()["theirs"].sql == "select 2 as n"


@pytest.mark.requirement("FR-010", "FR-016")
def test_an_edit_that_keeps_the_files_time_is_noticed(project: DbtProject) -> None:
    project.models(m="select 1 as id")
    described = "models: [{name: m, config: {alias: ALIAS}, columns: [{name: id, description: ALIAS}]}]\n"
    files = [
        project.write("models/m.sql", "select 1 as id"),
        project.write("models/schema.yml", described.replace("ALIAS", "first")),
    ]
    assert project.build().errors == {}
    times = [(file.stat().st_atime_ns, file.stat().st_mtime_ns) for file in files]
    project.write("models/m.sql", "select 2 as id")
    project.write("models/schema.yml", described.replace("ALIAS", "other"))
    for file, time in zip(files, times, strict=True):
        os.utime(file, ns=time)

    [node] = project.parse().nodes

    assert (node.alias, node.column_descriptions) == ("other", {"id": "other"})
    assert project.compile()["m"].sql == "select 2 as id"
    assert project.build().errors == {}
    assert (project.rows("first"), project.rows("other")) == ([(1,)], [(2,)])


@pytest.mark.requirement("FR-010", "FR-016")
def test_a_run_notices_an_edit_that_keeps_the_files_time(project: DbtProject) -> None:
    file = project.models(m="select 1 as id").write("models/m.yml", "models: [{name: m}]\n")
    assert project.build().tests == {}
    before = file.stat()
    project.write("models/m.yml", "models: [{name: m, columns: [{name: id, data_tests: [unique]}]}]\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert list(project.build().tests) == ["unique_m_id"]


@pytest.mark.requirement("FR-010")
def test_a_copied_project_reads_its_own_seeds(make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project("here").seeds(raw="id\n1\n").models(m="select * from {{ ref('raw') }}")
    assert project.build().errors == {}
    shutil.copytree(project.folder, tmp_path / "there")
    project.seeds(raw="id\n666\n")
    copied = make_project("there", lake=project.lake)

    assert copied.build().errors == {}
    assert copied.rows("m") == [(1,)]


@pytest.mark.requirement("FR-020")
def test_the_smallest_ready_id_comes_first_and_a_ring_is_named() -> None:
    assert dependency_order({"c": (), "b": ("c",), "a": ("b", "outside"), "d": ()}) == ["c", "b", "a", "d"]
    with pytest.raises(Cycle) as ring:
        dependency_order({"a": ("b",), "b": ("c",), "c": ("b",), "d": ()})
    assert ring.value.members == ("b", "c", "b")
