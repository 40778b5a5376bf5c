"""What a platform asks of its products: each rule at its own level, told where it is to be mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from floe_core.compiler import compile_floe_spec
from floe_core.errors import PolicyError, SpecError

Write = Callable[[Mapping[str, str]], Path]

RULES = """\
metadata: {name: acme}
governance:
  level: strict
  rules:
    pluginInstrumentation: warn
    naming: {models: {gold: ["mart_*", "dim_*"], bronze: ["stg_*"]}}
    tests: {layers: [gold]}
    descriptions: {layers: [gold, bronze]}
    personalData: {columns: ["*mail", customer]}
"""
GOOD = {
    "manifest.yaml": f"{RULES}    layers: {{exempt: [shop.mart_*]}}\n",
    "models/staging/stg_orders.sql": "select order_id, customer from {{ ref('raw_orders') }}\n",
    "models/marts/mart_buyers.sql": (
        "select customer, customer as email, upper(customer) as shout from {{ ref('stg_orders') }}\n"
    ),
    "models/marts/customers.sql": "{{ config(enabled=false) }} select 1 as a\n",
    "models/schema.yml": (
        "models:\n"
        "  - name: stg_orders\n    description: Every order.\n"
        "    columns: [{name: customer, meta: {pii: false}}]\n"
        "  - name: mart_buyers\n    description: Who buys.\n    columns:\n"
        "      - {name: customer, data_tests: [not_null], tags: [pii]}\n"
        "      - {name: email, config: {meta: {pii: true}}}\n"
    ),
    "seeds/properties.yml": (
        "seeds:\n  - name: raw_orders\n    columns: [{name: customer, meta: {pii: false}}]\n"
    ),
}


@pytest.mark.requirement("WU-6")
def test_every_rule_tells_its_breaches_with_their_places(shop: Path, write: Write) -> None:
    write({"manifest.yaml": RULES, "floe.yaml": "metadata: {name: shop}\n"})
    write({"models/schema.yml": "models:\n  - {name: customers, description: Who buys.}\n"})
    with pytest.raises(PolicyError) as raised:
        compile_floe_spec(shop)
    assert raised.value.exit_status == 3
    assert [str(problem).splitlines()[0] for problem in raised.value.problems] == [
        "floe.yaml:1:1: FLOE-E302 product 'shop' has no owner",
        "models/marts/customers.sql:1:1: FLOE-E303 model 'customers' is gold:"
        " its name is not like 'mart_*' or 'dim_*'",
        "models/marts/customers.sql:2:13: FLOE-E304 model 'customers' is gold and reads model 'stg_orders',"
        " which is bronze",
        "models/schema.yml:2:5: FLOE-E306 model 'customers' is gold and has no test that stops a run",
        "models/staging/stg_orders.sql:1:1: FLOE-E307 model 'stg_orders' is bronze and has no description",
    ]
    assert not (shop / "target/floe/compiled_artifacts.json").exists()


@pytest.mark.requirement("WU-6")
def test_columns_are_checked_as_they_were_bound_and_warn_where_the_rule_does(
    shop: Path, write: Write
) -> None:
    rules = GOOD["manifest.yaml"].replace("[gold, bronze]", "[gold, bronze], columns: true, level: warn")
    described = GOOD["models/schema.yml"].replace("pii: false", "pii: true")
    write({**GOOD, "manifest.yaml": rules, "seeds/properties.yml": "", "models/schema.yml": described})
    write({"floe.yaml": "metadata: {name: shop, owner: sales}\n"})
    with pytest.raises(PolicyError) as raised:
        compile_floe_spec(shop)
    assert [str(problem).splitlines()[0] for problem in raised.value.problems] == [
        "models/schema.yml:5:5: FLOE-E309 column 'mart_buyers.shout' is made from 'stg_orders.customer',"
        " which holds personal data, and does not say whether it does",
        "seeds/raw_orders.csv:1:1: FLOE-E309 column 'raw_orders.customer' may hold personal data"
        " and does not say whether it does",
    ]
    write({"manifest.yaml": rules.replace("{columns: [", "{exempt: [raw_*, shop.mart_*], columns: [")})
    compilation = compile_floe_spec(shop)
    told = [str(warning).splitlines()[0] for warning in compilation.warnings]
    assert told == [
        "models/schema.yml:2:5: FLOE-E308 column 'stg_orders.order_id' is bronze and has no description",
        "models/schema.yml:4:15: FLOE-E308 column 'stg_orders.customer' is bronze and has no description",
        "models/schema.yml:8:9: FLOE-E308 column 'mart_buyers.customer' is gold and has no description",
        "models/schema.yml:9:9: FLOE-E308 column 'mart_buyers.email' is gold and has no description",
        "models/schema.yml:5:5: FLOE-E308 column 'mart_buyers.shout' is gold and has no description",
    ]


@pytest.mark.requirement("WU-6")
def test_a_strict_platform_lets_a_product_through_that_keeps_its_rules(shop: Path, write: Write) -> None:
    write(GOOD)
    artifacts = compile_floe_spec(shop).artifacts
    assert artifacts.enforcement_result.model_dump() == {
        "passed": True,
        "error_count": 0,
        "warning_count": 0,
        "policy_types_checked": [
            "descriptions",
            "layers",
            "naming",
            "ownership",
            "personal_data",
            "plugin_instrumentation",
            "tests",
        ],
        "enforcement_level": "strict",
    }


POLICY = """\
package floe.product.owned

import rego.v1

required := {"a team"}

help := {"a team": "write 'owner: TEAM@acme.example'"}

proven contains "a team" if endswith(input.product.owner, "@acme.example")

deny := required - proven
"""


@pytest.mark.requirement("WU-6")
def test_the_platforms_own_policies_refuse_and_a_changed_one_is_asked_again(shop: Path, write: Write) -> None:
    strict = "metadata: {name: acme}\ngovernance: {rules: {layers: off, policies: strict}}\n"
    write({"manifest.yaml": strict, "policies/owned.rego": POLICY})
    with pytest.raises(PolicyError) as raised:
        compile_floe_spec(shop)
    assert [str(problem) for problem in raised.value.problems] == [
        "floe.yaml:1:1: FLOE-E312 product 'shop' does not prove 'a team' of policy 'owned'\n"
        "  hint: write 'owner: TEAM@acme.example'"
    ]
    write({"floe.yaml": "metadata: {name: shop, owner: sales@acme.example}\n"})
    assert "policies" in compile_floe_spec(shop).artifacts.enforcement_result.policy_types_checked

    gold = shop / "policies/gold.rego"
    gold.symlink_to("nowhere.rego")
    with pytest.raises(SpecError, match=r"policies/gold.rego:1:1: FLOE-E101 cannot be read: No such file"):
        compile_floe_spec(shop)
    gold.unlink()
    assert compile_floe_spec(shop).unchanged
    write({"policies/owned.rego": POLICY.replace("acme.example", "acme.test")})
    with pytest.raises(PolicyError):
        compile_floe_spec(shop)
    write({"policies/owned.rego": POLICY.replace("required - proven", "set()")})
    with pytest.raises(SpecError) as refused:
        compile_floe_spec(shop)
    assert str(refused.value.problems[0]).startswith(
        "policies/owned.rego:11:1: FLOE-E314 lists what is wrong"
    )


NO_ANSWER = POLICY.replace(
    'endswith(input.product.owner, "@acme.example")', "to_number(input.product.name) > 0"
)


@pytest.mark.requirement("WU-6")
def test_a_policy_that_gives_no_answer_refuses_what_it_is_asked_about(shop: Path, write: Write) -> None:
    strict = "metadata: {name: acme}\ngovernance: {rules: {layers: off, policies: strict}}\n"
    write({"manifest.yaml": strict, "policies/owned.rego": NO_ANSWER})
    with pytest.raises(PolicyError) as raised:
        compile_floe_spec(shop)
    [told] = [str(problem) for problem in raised.value.problems]
    assert told.startswith(
        "policies/owned.rego:1:1: FLOE-E313 policy 'owned' gives no answer for product 'shop',"
        " so nothing is proven: it fails: "
    )
    assert told.endswith("\n  hint: floe policy test")
    assert not (shop / "target/floe/compiled_artifacts.json").exists()


MISSPELLED = """\
metadata: {name: acme}
governance:
  rules:
    naming: {models: {gld: ["mart_*"]}}
    layers: {forbid: {gold: [brnze]}}
    tests: {layers: [silver, golden]}
"""


@pytest.mark.requirement("WU-6")
def test_a_rule_about_a_layer_that_is_not_there_is_refused(shop: Path, write: Write) -> None:
    write({"manifest.yaml": MISSPELLED, "floe.yaml": "metadata: {name: shop}\nexposes: [bronze, glod]\n"})
    with pytest.raises(SpecError) as raised:
        compile_floe_spec(shop)
    assert [str(problem) for problem in raised.value.problems] == [
        "floe.yaml:2:19: FLOE-E224 exposes: the platform has no layer 'glod'\n  hint: did you mean 'gold'?",
        "manifest.yaml:4:23: FLOE-E224 governance.rules.naming.models: the platform has no layer 'gld'\n"
        "  hint: did you mean 'gold'?",
        "manifest.yaml:5:30: FLOE-E224 governance.rules.layers.forbid.gold:"
        " the platform has no layer 'brnze'\n"
        "  hint: did you mean 'bronze'?",
        "manifest.yaml:6:30: FLOE-E224 governance.rules.tests.layers: the platform has no layer 'golden'\n"
        "  hint: did you mean 'gold'?",
    ]


@pytest.mark.requirement("WU-6")
def test_a_model_cannot_leave_its_layer_to_escape_the_rules(shop: Path, write: Write) -> None:
    rules = "{pluginInstrumentation: off, layers: {level: strict, required: true}}"
    write({"manifest.yaml": f"metadata: {{name: acme}}\ngovernance: {{rules: {rules}}}\n"})
    write({"models/other/free.sql": "select 1 as a\n"})
    write({"models/schema.yml": "models:\n  - {name: customers, config: {meta: {layer: mine}}}\n"})
    with pytest.raises(PolicyError) as raised:
        compile_floe_spec(shop)
    assert [str(problem) for problem in raised.value.problems] == [
        "models/other/free.sql:1:1: FLOE-E317 model 'free' belongs to no layer\n"
        "  hint: move it below one of: staging, bronze, intermediate, silver, marts, gold",
        "models/schema.yml:2:5: FLOE-E317 model 'customers' says it is mine: the platform has no such layer\n"
        "  hint: known here: bronze, gold, silver",
    ]


READER = {
    "reader/floe.yaml": "metadata: {name: reader, owner: sales}\n",
    "reader/dbt_project.yml": "name: reader\nversion: 1.0.0\nprofile: reader\n",
    "reader/models/silver/joined.sql": (
        "select a.customer from {{ source('shop', 'customers') }} as a, {{ source('shop', 'stg_orders') }}\n"
    ),
    "reader/models/sources.yml": (
        "sources:\n  - name: shop\n    schema: shop\n    tables:\n"
        "      - {name: customers, columns: [{name: customer, data_type: varchar}]}\n"
        "      - {name: stg_orders, columns: [{name: order_id, data_type: integer}]}\n"
    ),
}
PLATFORM = "metadata: {name: p}\ngovernance: {rules: {pluginInstrumentation: off}}\n"


@pytest.mark.requirement("WU-6")
def test_what_a_product_keeps_to_itself_is_read_by_no_other(shop: Path, write: Write) -> None:
    own = "metadata: {name: shop, owner: till}\nexposes: [gold]\n"
    write({"manifest.yaml": PLATFORM, **{f"shop/{name}": text for name, text in _files(shop).items()}})
    write({**READER, "shop/floe.yaml": own})
    for name in ("floe.yaml", *_files(shop)):
        (shop / name).unlink()
    unknown = compile_floe_spec(shop / "reader")
    assert [str(warning).splitlines()[0] for warning in unknown.warnings] == [
        f"reader/models/sources.yml:{line}:9: FLOE-E310 source '{name}' is of product 'shop',"
        " which is not compiled: nobody can tell what it lets others read"
        for line, name in ((5, "customers"), (6, "stg_orders"))
    ]
    compile_floe_spec(shop / "shop")
    compilation = compile_floe_spec(shop / "reader")  # it notices that the other product is compiled now
    assert [str(warning).splitlines()[0] for warning in compilation.warnings] == [
        "reader/models/sources.yml:6:9: FLOE-E305 source 'stg_orders' is of product 'shop',"
        " which exposes 'gold' and not 'bronze'"
    ]
    write({"shop/models/marts/schema.yml": "models:\n  - {name: customers, access: private}\n"})
    (shop / "shop/models/schema.yml").unlink()
    compile_floe_spec(shop / "shop")
    private = compile_floe_spec(shop / "reader")
    assert [str(warning) for warning in private.warnings][:1] == [
        "reader/models/sources.yml:5:9: FLOE-E305 source 'customers' is of product 'shop',"
        " whose model is private\n  hint: ask 'till', or read another of its tables"
    ]
    write({"reader/models/sources.yml": READER["reader/models/sources.yml"].replace("customers", "buyers")})
    write({"reader/models/silver/joined.sql": "select 1 as a from {{ source('shop', 'buyers') }}\n"})
    missing = compile_floe_spec(shop / "reader")
    assert [str(warning) for warning in missing.warnings] == [
        "reader/models/sources.yml:5:9: FLOE-E311 source 'buyers' is of product 'shop',"
        " which has no table 'buyers'"
    ]


LAYERLESS = "metadata: {name: p}\ngovernance: {rules: {pluginInstrumentation: off, layers: off}}\n"
DEPRECATIONS = """\
metadata: {name: shop, owner: till}
deprecations:
  - {column: customers.customer, since: 1.2.0, instead: customers.buyer}
  - {table: stg_orders, since: 1.3.0}
  - {column: customers.total, since: 1.3.0}
"""


@pytest.mark.requirement("FR-094", "WU-6")
def test_who_reads_what_another_product_has_deprecated_is_told_where(shop: Path, write: Write) -> None:
    write({**{f"shop/{name}": text for name, text in _files(shop).items()}})
    write({**READER, "manifest.yaml": LAYERLESS, "shop/floe.yaml": "metadata: {name: shop, owner: till}\n"})
    for name in ("floe.yaml", *_files(shop)):
        (shop / name).unlink()
    compile_floe_spec(shop / "shop")
    before = compile_floe_spec(shop / "reader")
    assert before.warnings == ()
    assert "deprecations" in before.artifacts.enforcement_result.policy_types_checked

    write({"shop/floe.yaml": DEPRECATIONS})
    assert compile_floe_spec(shop / "shop").warnings == ()  # its own models may read it until it goes
    after = compile_floe_spec(shop / "reader")
    assert [str(warning) for warning in after.warnings] == [
        "reader/models/silver/joined.sql:1:42: FLOE-E318 model 'joined' reads column 'customers.customer'"
        " of product 'shop', deprecated since 1.2.0\n  hint: read 'customers.buyer' instead",
        "reader/models/silver/joined.sql:1:82: FLOE-E318 model 'joined' reads table 'stg_orders'"
        " of product 'shop', deprecated since 1.3.0\n  hint: ask 'till' what to read instead",
    ]

    exempt = "level: strict, rules: {layers: off, deprecations: {exempt: [reader.joined]}}"
    write({"manifest.yaml": f"metadata: {{name: p}}\ngovernance: {{{exempt}}}\n"})
    assert compile_floe_spec(shop / "reader").warnings == ()
    write({"manifest.yaml": LAYERLESS.replace("rules: {", "level: strict, rules: {")})
    assert len(compile_floe_spec(shop / "reader").warnings) == 2  # announcing breaks nobody
    write({"manifest.yaml": LAYERLESS.replace("layers: off", "layers: off, deprecations: strict")})
    with pytest.raises(PolicyError):
        compile_floe_spec(shop / "reader")


def _files(folder: Path) -> dict[str, str]:
    """The product's own files, by their paths."""
    names = ("dbt_project.yml", "seeds/raw_orders.csv", "models/staging/stg_orders.sql")
    marts = ("models/marts/customers.sql", "models/schema.yml")
    return {name: (folder / name).read_text() for name in (*names, *marts) if (folder / name).exists()}
