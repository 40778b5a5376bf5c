"""Building tells each step as it happens, and ends as dbt did."""

from __future__ import annotations

import signal
import threading

import pytest

from floe_core.errors import SpecError, WorkError
from floe_core.events import ModelFinished, ModelStarted, RunEvent, TestFinished
from floe_core.lake import RunIdentity
from floe_dbt import DbtCore
from testing.dbt_project import DbtProject, MakeProject

IDENTITY = RunIdentity("7d1c1f3c-5f0f-4e8e-9d5f-000000000001", 1, "shop-1", "dev", "d1ce57", "7ace")


@pytest.mark.requirement("FR-024", "FR-020", "FR-085")
def test_models_and_tests_are_told_with_their_states(make_project: MakeProject) -> None:
    project = make_project(config={"threads": 1}).seeds(raw="id\n1\n1\n")
    project.models(
        base="select * from {{ ref('raw') }}",
        hidden="{{ config(materialized='ephemeral') }} select 1 as id",
        after="select * from {{ ref('base') }} join {{ ref('hidden') }} using (id)",
    )
    project.write(
        "models/schema.yml",
        """
models:
- name: base
  columns:
  - name: id
    data_tests:
    - not_null
    - unique: {config: {severity: warn}}
    - accepted_values: {arguments: {values: [2]}, config: {error_if: '>10', warn_if: '>0'}}
- name: after
  columns: [{name: id, data_tests: [unique]}]
""",
    )
    project.write("tests/broken.sql", "select * from {{ ref('base') }} where id::varchar::date is null")

    built = project.build()

    assert built.complete is False
    started = [(e.name, e.index, e.total) for e in built.events if isinstance(e, ModelStarted)]
    assert started == [("raw", 1, 3), ("base", 2, 3)]
    assert {name: event.state for name, event in built.models.items()} == {
        "raw": "succeeded",
        "base": "succeeded",
        "after": "skipped",
    }
    tests = {name.split("_base")[0]: test for name, test in built.tests.items()}
    assert {name: (t.state, t.failures, t.blocking) for name, t in tests.items()} == {
        "not_null": ("passed", 0, True),
        "unique": ("warned", 1, False),
        "accepted_values": ("warned", 1, True),
        "broken": ("errored", 0, True),
        "unique_after_id": ("skipped", 0, True),
    }
    assert tests["unique"].model == "model.shop.base"
    assert tests["unique"].error == "Got 1 result, configured to warn if != 0"
    assert str(tests["broken"].error).startswith("Conversion Error: invalid date field format")


@pytest.mark.requirement("FR-024", "FR-027")
def test_a_failing_test_stops_what_comes_after_and_publishes_nothing(project: DbtProject) -> None:
    project.models(base="select null as id", after="select * from {{ ref('base') }}")
    project.write(
        "models/schema.yml", "models: [{name: base, columns: [{name: id, data_tests: [not_null]}]}]\n"
    )

    built = project.build()

    assert (built.complete, built.models["after"].state) == (False, "skipped")
    assert (built.tests["not_null_base_id"].state, built.tests["not_null_base_id"].failures) == ("failed", 1)
    assert project.lake.manager.tables() == []


@pytest.mark.requirement("FR-024")
def test_unit_tests_run_before_their_model(project: DbtProject) -> None:
    project.seeds(raw="id,v\n1,2\n").models(m="select id, v * 2 as w from {{ ref('raw') }}")
    unit = """
unit_tests:
- {name: doubles, model: m, given: [{input: ref('raw'), rows: [{id: 5, v: 3}]}], expect: {rows: [{w: W}]}}
"""
    project.write("models/schema.yml", unit.replace("W}", "6}"))
    assert project.build().tests["doubles"].state == "passed"
    project.write("models/schema.yml", unit.replace("W}", "7}"))

    built = project.build()

    doubles = built.tests["doubles"]
    assert (doubles.state, doubles.model, built.models["m"].state) == ("failed", "model.shop.m", "skipped")


@pytest.mark.requirement("FR-024", "FR-027")
def test_unit_tests_of_every_kind_run_and_a_failing_one_blocks(project: DbtProject) -> None:
    project.seeds(raw="id,v\n1,2\n").models(
        base="select id, v, current_date as today from {{ ref('raw') }}"
        " join {{ source('ext', 'kinds') }} using (id)",
        grown="""{{ config(materialized='incremental', unique_key='id') }}
            select id, v * {{ var('factor', 2) }} as w from {{ ref('base') }}
            {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}""",
        after="select * from {{ ref('grown') }}",
    )
    project.write("tests/fixtures/three.csv", "id,v\n1,10\n2,20\n3,30\n")
    project.write("kinds.csv", "id,kind\n1,x\n")
    project.write("models/schema.yml", _UNIT_TESTS)

    built = project.build()

    assert {name: (test.state, test.model) for name, test in built.tests.items()} == {
        "from_a_source": ("passed", "model.shop.base"),
        "first_time": ("passed", "model.shop.grown"),
        "incremental": ("passed", "model.shop.grown"),
        "nothing_new": ("passed", "model.shop.grown"),
    }
    assert built.errors == {}
    assert project.rows("after") == [(1, 4)]
    before = project.lake.seen("grown")
    project.write("models/schema.yml", _UNIT_TESTS.replace("{id: 3, w: 90}", "{id: 3, w: 91}"))

    built = project.build()

    assert built.complete is False
    failed = built.tests["incremental"]
    assert (failed.state, failed.blocking) == ("failed", True)
    assert {name: model.state for name, model in built.models.items()} == {
        "raw": "succeeded",
        "base": "succeeded",
        "grown": "skipped",
        "after": "skipped",
    }
    assert project.lake.seen("grown") == before
    assert failed.error == "actual differs from expected:\n@@,id,w\n→ ,3 ,91→90"


_UNIT_TESTS = r"""
sources: [{name: ext, tables: [{name: kinds, config: {meta: {external_location: kinds.csv}}}]}]
unit_tests:
- name: from_a_source
  model: base
  given:
  - {input: ref('raw'), rows: [{id: 1, v: 5}, {id: 2, v: 6}]}
  - {input: "source('ext', 'kinds')", format: sql, rows: select 2 as id}
  expect: {rows: [{id: 2, v: 6}]}
- name: first_time
  model: grown
  overrides: {macros: {is_incremental: false}, vars: {factor: 5}}
  given: [{input: ref('base'), format: csv, fixture: three}]
  expect: {format: csv, rows: "id,w\n1,50\n2,100\n3,150\n"}
- name: incremental
  model: grown
  overrides: {macros: {is_incremental: true}, vars: {factor: 3}}
  given: [{input: ref('base'), format: csv, fixture: three}, {input: this, format: sql, rows: select 2 as id}]
  expect: {rows: [{id: 3, w: 90}]}
- name: nothing_new
  model: grown
  overrides: {macros: {is_incremental: true}}
  given: [{input: ref('base'), rows: []}, {input: this, format: sql, rows: select 2 as id}]
  expect: {rows: []}
"""


@pytest.mark.requirement("FR-020")
def test_selectors_are_dbts_own(project: DbtProject) -> None:
    project.models(
        a="{{ config(tags=['t']) }} select 1 as id",
        b="select * from {{ ref('a') }}",
        c="{{ config(tags=['t']) }} select * from {{ ref('b') }} join {{ ref('d') }} using (id)",
    ).write("models/sub/d.sql", "select 1 as id")

    for selectors, chosen in {
        ("+b",): "ab",
        ("a", "d"): "ad",
        ("a d",): "ad",
        ("+b+",): "abc",
        ("@b",): "abcd",
        ("+c,tag:t",): "ac",
        ("path:models/sub", "tag:t,b+"): "cd",
    }.items():
        assert (selectors, "".join(sorted(project.build(*selectors).models))) == (selectors, chosen)


@pytest.mark.requirement("FR-020", "FR-015")
def test_a_selector_that_selects_nothing_is_said_before_anything_runs(project: DbtProject) -> None:
    project.models(a="select 1 as id", b="select 2 as id")

    for nonsense, message in {
        ("nope",): "'nope' selects nothing",
        ("a", "tag:nope"): "'tag:nope' selects nothing",
        ("a +nope b",): "'+nope' selects nothing",
        ("a,b", "a"): "'a,b' selects nothing",
        ("no:such",): "'no' is not a valid method name",
        ("--full-refresh",): "'--full-refresh' is no selector",
    }.items():
        with pytest.raises(SpecError) as raised:
            project.build(*nonsense)
        assert raised.value.problems[0].message == message
    assert project.lake.manager.namespaces() == []


@pytest.mark.requirement("FR-020")
def test_a_project_without_anything_to_build_says_so(project: DbtProject) -> None:
    with pytest.raises(SpecError, match="the dbt project has nothing to build"):
        project.build()


@pytest.mark.requirement("FR-027", "FR-066")
def test_a_hook_of_the_run_that_fails_is_the_runs_reason(make_project: MakeProject) -> None:
    project = make_project(
        project_file="name: shop\nversion: '1.0'\nprofile: shop\non-run-start: \"select 'a'::integer\"\n"
    ).models(m="select 1 as id")

    with pytest.raises(WorkError) as raised:
        project.build()

    assert raised.value.problems[0].message == (
        "shop-on-run-start-0: Conversion Error: Could not convert string 'a' to INT32"
    )


@pytest.mark.requirement("FR-066")
def test_what_a_failing_model_says_has_no_path_and_no_traceback(project: DbtProject) -> None:
    project.models(
        bind="select idd from (select 1 as id)",
        missing="select * from shop_1.nowhere",
        compiled="{% if execute %}{{ exceptions.raise_compiler_error('no way') }}{% endif %}",
    )

    errors = project.build().errors

    assert errors == {
        "bind": 'Binder Error: Referenced column "idd" not found in FROM clause!\nCandidate bindings: "id"',
        "missing": "Catalog Error: Table with name nowhere does not exist!",
        "compiled": "no way",
    }


@pytest.mark.requirement("FR-027")
def test_an_interrupt_stops_dbt_and_comes_out_as_one(project: DbtProject) -> None:
    project.models(
        quick="select 1 as id",
        slow="select count(*) as n from {{ ref('quick') }}, range(100000000), range(100000)",
    )
    events: list[RunEvent] = []
    begun = threading.Event()

    def observe(event: RunEvent) -> None:
        events.append(event)
        if isinstance(event, ModelStarted) and event.name == "slow":
            begun.set()

    def interrupt() -> None:
        begun.wait(300)
        # where the terminal's Ctrl-C goes; raised here, it would wait until the main thread does something
        signal.pthread_kill(int(threading.main_thread().ident or 0), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with project.lake.manager.run(IDENTITY), pytest.raises(KeyboardInterrupt):
        DbtCore().build(project.location, select=(), full_refresh=False, window=None, observe=observe)

    assert {e.name: e.state for e in events if isinstance(e, ModelFinished)} == {
        "quick": "succeeded",
        "slow": "cancelled",
    }
    assert project.lake.manager.tables() == []
    assert project.build("quick").errors == {}


@pytest.mark.requirement("FR-027")
def test_an_observer_that_fails_ends_the_build_with_its_error(project: DbtProject) -> None:
    project.models(a="select 1 as id")

    def observe(event: RunEvent) -> None:
        if not isinstance(event, TestFinished):
            raise WorkError([])

    with project.lake.manager.run(IDENTITY), pytest.raises(WorkError):
        DbtCore().build(project.location, select=(), full_refresh=False, window=None, observe=observe)


@pytest.mark.requirement("FR-066")
def test_dbt_writes_nothing_to_the_terminal(project: DbtProject, capfd: pytest.CaptureFixture[str]) -> None:
    project.models(a="{{ print('shown') }}{{ log('told', info=true) }} select 1 as id", b="select nope")

    project.compile()
    project.build()

    assert capfd.readouterr() == ("", "")
    assert "nope" in (project.location.log_dir / "dbt.log").read_text()
