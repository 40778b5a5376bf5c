"""Whatever is wrong with what was typed: everything at once, each with its place and what to type next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from floe_core.compilation.stages import compile_pipeline
from testing.command_line import floe

Files = Mapping[str, str | bytes]
Write = Callable[[Files], Path]

NAME = "metadata: {name: shop}\n"
PLATFORM = "metadata: {name: p}\n"

FILES: dict[str, Files] = {
    "empty-file": {"floe.yaml": "# nothing yet\n"},
    "a-list": {"floe.yaml": "- metadata\n"},
    "syntax-error": {"floe.yaml": "metadata: {name: shop\nowner: me\n"},
    "tab-as-indent": {"floe.yaml": "metadata:\n\tname: shop\n"},
    "colon-in-text": {"floe.yaml": "metadata:\n  name: shop\n  description: sales: all of them\n"},
    "duplicate-keys": {
        "floe.yaml": "metadata: {name: shop, name: {a: [b]}}\ndbt: {}\nmetadata:\n  name: other\n",
    },
    "duplicate-keys-and-other-mistakes": {
        "floe.yaml": "metadata: {owner: me}\nschedul: {}\nmetadata: {name: shop}\nretention: {maxAge: 60}\n",
    },
    "several-documents": {"floe.yaml": f"{NAME}---\n{NAME}"},
    "alias-in-itself": {"floe.yaml": "metadata: &m {name: shop, x-copy: *m}\n"},
    "alias-of-nothing": {"floe.yaml": "metadata: *m\n"},
    "aliases-that-grow": {
        "floe.yaml": NAME
        + "x-a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        + "".join(
            f"x-{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abc", "bcd", strict=True)
        ),
    },
    "merge-key": {"floe.yaml": "x-m: &m {owner: me}\nmetadata:\n  <<: *m\n  name: shop\n"},
    "too-many-values": {"floe.yaml": f"{NAME}x-a: [{'1,' * 100_000}]\n"},
    "more-problems-than-are-told": {"floe.yaml": NAME * 60},
    "unicode-line-break": {"floe.yaml": "metadata:\n  name: sh\u2028op\n"},
    "tag": {"floe.yaml": "metadata: {name: !!python/name:os.system shop}\n"},
    "keys-that-are-not-text": {"floe.yaml": f"{NAME}1: a\ntrue: b\n? [c]\n: d\n~: e\n"},
    "nested-too-deep": {"floe.yaml": f"{NAME}x-a: {'[' * 70}\n"},
    "not-utf8": {"floe.yaml": NAME.encode() + "# größe\n".encode("latin-1")},
    "control-character": {"floe.yaml": "metadata:\n  name: sh\x07op\n"},
    "escaped-control-character": {"floe.yaml": 'metadata: {name: "sh\\0op"}\n'},
    "too-large": {"floe.yaml": NAME + "#" * (1 << 20)},
    "unknown-keys": {
        "floe.yaml": f"{NAME}schedul: {{every: 10m}}\ndbt: {{projct: .}}\nretention: {{maxage: 1h}}\n",
    },
    "keys-of-the-other-file": {
        "floe.yaml": f"{NAME}plugins: {{compute: {{type: duckdb}}}}\n",
        "manifest.yaml": f"{PLATFORM}retention: {{maxAge: 1h, column: day}}\n",
    },
    "wrong-kinds": {
        "floe.yaml": (
            "apiVersion: floe.dev/v2\nkind: product\nmetadata: shop\nplatform: []\n"
            "dbt: {project: /srv/dbt}\ncompute: {type: duckdb}\nschedule: 10m\n"
            "retention: {maxAge: 60, column: ''}\nenvironments: [dev]\n"
        ),
    },
    "a-name-that-fits-no-catalog": {"floe.yaml": "metadata: {name: Customer 360, version: one two}\n"},
    "schedules": {"floe.yaml": f"{NAME}schedule: {{every: 10m, cron: 0 6 * *, timezone: Europe/Berln}}\n"},
    "both-files": {
        "floe.yaml": "metadata: {owner: me}\nplatform: platform.yaml\n",
        "platform.yaml": (
            "kind: Manifst\nmetadata: {}\nplugins:\n  comput: {type: duckdb}\n  catalog: {typ: local}\n"
            "layers: {bronze: [raw], silver: [raw], Gold: gold}\n"
            "governance: {level: strikt}\nlock: [computes]\n"
        ),
    },
    "one-file-unreadable-the-other-wrong": {"floe.yaml": "name: shop\n", "manifest.yaml": "a: [\n"},
    "not-our-manifest": {
        "floe.yaml": NAME,
        "manifest.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n",
    },
    "unknown-plugins": {
        "floe.yaml": NAME,
        "manifest.yaml": (
            f"{PLATFORM}plugins:\n  compute: {{type: duckbd}}\n  rbac: {{type: polaris}}\n"
            "  catalog: {type: local, config: {warehous: x}}\n"
        ),
    },
    "wrong-settings-of-a-plugin": {
        "floe.yaml": NAME,
        "manifest.yaml": f"{PLATFORM}plugins:\n  compute:\n    type: duckdb\n    config: {{threads: 010}}\n",
    },
    "overrides-a-locked-key": {
        "floe.yaml": f"{NAME}compute: spark\nschedule: {{every: 1h}}\nenvironments: {{prd: {{}}}}\n",
        "manifest.yaml": f"{PLATFORM}lock: [compute, schedule]\n",
    },
    "no-dbt-project": {"floe.yaml": f"{NAME}dbt:\n  project: transform\n"},
    "a-folder-without-a-dbt-project": {"floe.yaml": NAME},
    "a-dbt-project-without-a-profile": {"floe.yaml": NAME, "dbt_project.yml": "name: shop\n"},
    "same-name-in-sql": {
        "manifest.yaml": PLATFORM,
        "floe.yaml": "metadata:\n  name: shop-eu\n",
        "dbt_project.yml": "name: shop\nprofile: shop\n",
        "other/floe.yaml": "metadata: {name: shop_eu}\n",
    },
    "no-name": {"floe.yaml": "metadata:\n  owner: me\n"},
    "a-name-that-is-no-text": {"floe.yaml": "metadata: {name: [shop]}\n"},
    "a-name-with-nothing-behind-it": {"floe.yaml": "metadata: {name: }\n"},
    "a-name-in-capitals": {"floe.yaml": "metadata:\n  name: Shop\n"},
    "misspelled-at-the-top": {"floe.yaml": "metdata: {name: shop}\n"},
    "misspelled-below": {"floe.yaml": "metadata: {nmae: shop, onwer: me}\n"},
    "keys-in-snake-case": {"floe.yaml": f"api_versions: floe.dev/v1\n{NAME}retention: {{max_ages: 1h}}\n"},
    "another-tool-s-file": {"floe.yaml": "version: 2\nmodels:\n  - name: a\n"},
    "another-version-of-the-format": {"floe.yaml": f"apiVersion: floe.dev/v2\n{NAME}"},
    "the-other-kind": {"floe.yaml": f"kind: Manifest\n{NAME}"},
    "a-duration-in-words": {"floe.yaml": f"{NAME}schedule:\n  every: ten minutes\n"},
    "a-duration-without-a-unit": {"floe.yaml": f"{NAME}retention: {{maxAge: 60, column: at}}\n"},
    "a-schedule-too-often": {"floe.yaml": f"{NAME}schedule: {{every: 10s}}\n"},
    "a-time-zone-without-a-time": {"floe.yaml": f"{NAME}schedule: {{every: 1h, timezone: UTC}}\n"},
    "a-time-zone-misspelled": {"floe.yaml": f"{NAME}schedule: {{cron: 0 6 * * *, timezone: Europe/Berln}}\n"},
    "a-cron-of-six": {"floe.yaml": f"{NAME}schedule: {{cron: 0 0 6 * * *}}\n"},
    "text-that-yaml-takes-for-something-else": {
        "floe.yaml": f"{NAME}retention: {{maxAge: 12:30:45, column: no}}\nschedule: {{every: 010}}\n"
    },
    "retention-without-a-column": {"floe.yaml": f"{NAME}retention:\n  maxAge: 7d\n"},
    "retention-that-is-a-list": {"floe.yaml": f"{NAME}retention: [7d]\n"},
    "an-absolute-dbt-project": {"floe.yaml": f"{NAME}dbt: {{project: /srv/dbt}}\n"},
    "a-dbt-project-of-windows": {"floe.yaml": f"{NAME}dbt: {{project: 'C:\\dbt'}}\n"},
    "a-dbt-project-outside": {"floe.yaml": f"{NAME}dbt:\n  project: ../elsewhere\n"},
    "a-platform-outside": {"floe.yaml": f"{NAME}platform: ../platform.yaml\n"},
    "a-platform-that-is-missing": {"floe.yaml": f"{NAME}platform: platfrom.yaml\n"},
    "an-environment-misspelled": {
        "floe.yaml": f"{NAME}environments: {{porduction: {{}}, pord: {{}}}}\n",
        "manifest.yaml": PLATFORM,
    },
    "settings-of-an-environment": {
        "floe.yaml": f"{NAME}environments:\n  prod: {{retention: {{maxAge: 1 week}}, threads: 3}}\n",
        "manifest.yaml": PLATFORM,
    },
    "a-locked-setting": {
        "floe.yaml": f"{NAME}compute: {{config: {{threads: 16}}}}\n",
        "manifest.yaml": f"{PLATFORM}lock:\n  - compute.threads\n",
    },
    "a-value-that-is-not-allowed": {
        "floe.yaml": f"{NAME}compute: spark\nschedule: {{every: 5m}}\n",
        "manifest.yaml": f"{PLATFORM}allowed:\n  compute: [duckdb]\n  schedule.every: [1h, 1d]\n",
    },
    "an-unknown-lock": {"floe.yaml": NAME, "manifest.yaml": f"{PLATFORM}lock: [compte, retention]\n"},
    "a-reference-that-is-no-secret": {
        "floe.yaml": "metadata: {name: shop, owner: '${TEAM}', description: 'in ${PLACE}'}\n"
    },
    "references-in-one-value": {
        "floe.yaml": NAME,
        "manifest.yaml": (
            f"{PLATFORM}layers:\n  bronze: [raw, '${{RAW}}']\n  gold:\n    - marts\n    - '${{MARTS}}'\n"
        ),
    },
    "settings-of-both-files": {
        "floe.yaml": f"{NAME}compute: {{config: {{memoryLimit: lots, treads: 2}}}}\n",
        "manifest.yaml": f"{PLATFORM}plugins: {{compute: {{config: {{threads: -1}}, type: duckdb}}}}\n",
    },
    "a-plugin-of-another-type": {
        "floe.yaml": NAME,
        "manifest.yaml": (
            f"{PLATFORM}plugins:\n  catalog: {{type: duckdb}}\n  orchestrator: {{type: airflow}}\n"
        ),
    },
    "plugins-that-are-a-list": {"floe.yaml": NAME, "manifest.yaml": f"{PLATFORM}plugins: [duckdb]\n"},
    "a-plugin-without-a-type": {"floe.yaml": NAME, "manifest.yaml": f"{PLATFORM}plugins: {{compute: }}\n"},
    "layers-that-share-a-folder": {
        "floe.yaml": NAME,
        "manifest.yaml": f"{PLATFORM}layers: {{bronze: [raw, staging], silver: [raw]}}\n",
    },
    "rules-misspelled": {
        "floe.yaml": NAME,
        "manifest.yaml": (
            f"{PLATFORM}governance:\n  level: strict\n  rules:\n    ownersip: strict\n    naming: stric\n"
        ),
    },
    "a-quote-left-open": {"floe.yaml": "metadata: {name: 'shop}\nowner: me\n"},
    "a-list-item-among-keys": {"floe.yaml": "metadata:\n  name: shop\n  - owner\n"},
    "indented-by-mistake": {"floe.yaml": "metadata:\n  name: shop\n owner: me\n"},
    "a-percent-sign-at-the-beginning": {"floe.yaml": "metadata: {name: shop}\ncompute: %duckdb\n"},
    "an-at-sign-at-the-beginning": {"floe.yaml": "metadata: {name: shop, owner: @data}\n"},
    "a-tab-within-a-line": {"floe.yaml": "metadata:\n  name: shop\n\tx: y\n"},
    "a-merge-conflict": {
        "floe.yaml": "metadata:\n<<<<<<< HEAD\n  name: shop\n=======\n  name: store\n>>>>>>> theirs\n"
    },
    "json-with-a-comma-too-many": {"floe.yaml": '{"metadata": {"name": "shop",,}}\n'},
    "wide-characters-before-the-place": {"floe.yaml": "metadata: {name: shop, 説明: だめ, ownr: me}\n"},
    "a-long-line": {
        "floe.yaml": f"metadata: {{name: shop, description: '{'very ' * 60}long', ownr: {'me ' * 60}}}\n"
    },
    "a-secret-in-sight": {
        "floe.yaml": NAME,
        "manifest.yaml": (
            f"{PLATFORM}plugins: {{compute: {{type: duckdb, config: {{password: hunter2, thread: 1}}}}}}\n"
        ),
    },
    "a-link-that-leads-out": {
        "floe.yaml": NAME,
        "dbt_project.yml": "name: s\nprofile: s\nseed-paths: [/etc]\n",
    },
    "dbt-project-that-is-no-yaml": {"floe.yaml": NAME, "dbt_project.yml": "name: shop\nprofile: {shop\n"},
    "dbt-project-that-is-a-list": {"floe.yaml": NAME, "dbt_project.yml": "- name: shop\n"},
}

DBT_PROJECT = {"floe.yaml": NAME, "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\n"}

PROJECTS: dict[str, Files] = {
    "seeds": {
        "seeds/short.csv": "id,name\n1,ann\n2\n",
        "seeds/long.csv": "id,name\n1,ann,x\n2,bob\n",
        "seeds/quoted.csv": 'id,name\n1,"ann\n',
        "seeds/nothing.csv": "",
        "seeds/twice.csv": "id,Id\n1,2\n",
    },
    "seeds-that-are-not-text": {
        "seeds/latin.csv": b"id,name\n1," + "jörg\n".encode("latin-1"),
        "seeds/wide.csv": "id\n1\n".encode("utf-16"),
    },
    "sql": {
        "seeds/raw.csv": "id,name\n1,ann\n",
        "models/stg.sql": (
            "{{ config(\n    materialized='table',\n    tags=['a']\n) }}\n\nselect\n    id,\n    nam\n"
            "from {{ ref('raw') }}\n"
        ),
        "models/reads_a_broken_one.sql": "select id from {{ ref('stg') }}\n",
        "models/slip.sql": "select id,\nfrm {{ ref('raw') }}\n",
        "models/types.sql": "select name + 1 as n\nfrom {{ ref('raw') }}\n",
        "models/gone.sql": "select * from nowhere\n",
        "models/later.sql": "-- later\n",
        "models/cut_off.sql": "select id from {{ ref('raw') }} where\n",
        "tests/no_such_column.sql": "select * from {{ ref('raw') }} where ide is null\n",
    },
    "sources-without-their-files": {
        "models/sources.yml": (
            "sources:\n  - name: bank\n    config: {meta: {external_location: 'data/{name}.csv'}}\n"
            "    tables:\n      - {name: rates, config: {meta: {fetch: make rates}}}\n"
            "      - name: names\n      - name: nobody_reads_it\n"
        ),
        "models/reads_them.sql": (
            "select * from {{ source('bank', 'rates') }}, {{ source('bank', 'names') }}\n"
        ),
    },
    "a-mistake-a-macro-made": {
        "seeds/raw.csv": "id\n1\n",
        "macros/all.sql": "{% macro all_of(t) %}\nselect\n  missing\nfrom {{ t }}\n{% endmacro %}\n",
        "models/m.sql": "{{ all_of(ref('raw')) }}\n",
    },
    "template": {
        "models/m.sql": "select 1 as a\n{{ exceptions.raise_compiler_error('no such region') }}\n",
        "models/n.sql": "select {{ nothing.at_all }} as a\n",
    },
    "templates-that-fail-when-they-render-and-a-seed-that-does-not-load": {
        "models/m.sql": (
            "select 1 as a\n"
            "{% if execute %}{{ exceptions.raise_compiler_error('no such region') }}{% endif %}\n"
        ),
        "models/n.sql": "select 1 as a,\n{{ nothing_such(1) if execute }} as b\n",
        "seeds/raw.csv": "id,at\n1,2026-01-01\n2,yesterday\n",
        "seeds/odd.csv": "id\n1\n",
        "seeds/seeds.yml": (
            "seeds:\n  - {name: raw, config: {column_types: {at: date}}}\n"
            "  - {name: odd, config: {column_types: {id: integr}}}\n"
        ),
    },
    "models-in-a-ring": {
        "models/a.sql": "select * from {{ ref('b') }}\n",
        "models/b.sql": "select * from {{ ref('c') }}\n",
        "models/c.sql": "select * from {{ ref('a') }}\n",
    },
    "unsupported": {
        "models/m.py": "def model(dbt, session):\n    return None\n",
        "models/n.sql": (
            "{{ config(materialized='incremental', incremental_strategy='insert_overwrite') }}\n"
            "select 1 as a\n"
        ),
        "models/o.sql": "{{ config(materialized='materialized_view') }}\nselect 1 as a\n",
        "models/p.sql": "select b from nowhere\n",
    },
    "unknown-keys-of-dbt-s-own": {
        "dbt_project.yml": "name: shop\nprofile: shop\nmodel-path: [models]\nmodles: {shop: {}}\n",
    },
    "a-wrong-kind-in-dbt-s-own": {"dbt_project.yml": "name: shop\nprofile: shop\nmodel-paths: models\n"},
    "a-name-that-dbt-refuses": {"dbt_project.yml": "profile: shop\nname: my-shop\n"},
    "two-models-of-one-name": {"models/a/m.sql": "select 1 as a\n", "models/b/m.sql": "select 2 as a\n"},
    "dbt-does-not-parse": {"models/m.sql": "select * from {{ ref('not_there') }}\n"},
    "a-model-that-is-misspelt": {
        "models/m.sql": "select * from {{ ref('custmers') }}\n",
        "models/customers.sql": "select 1 as a\n",
    },
    "anothers-schema": {
        "manifest.yaml": PLATFORM,
        "other/floe.yaml": "metadata: {name: shop-x}\n",
        "models/m.sql": "{{ config(schema='x') }}\nselect 1 as a\n",
    },
    "deprecations-of-nothing": {
        "floe.yaml": (
            f"{NAME}deprecations:\n  - {{table: n, since: 1.0.0}}\n  - {{table: m, since: 1.0.0}}\n"
            "  - {column: m.mount, since: 1.0.0}\n  - {column: m.AMOUNT, since: 1.0.0}\n"
            "  - {column: m.gone, since: 1.0.0, instead: m.amount}\n"
        ),
        "models/m.sql": "select 1 as amount\n",
    },
    "a-policy-at-level-strict": {
        "manifest.yaml": f"{PLATFORM}governance: {{level: strict}}\n",
        "models/m.sql": "select 1 as a\n",
    },
}


def refusal() -> str:
    """All that ``floe compile`` prints, as a person sees it."""
    result = floe("compile")
    assert result.status in (2, 3)
    assert "Traceback" not in result.stderr
    return result.text


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("name", FILES)
def test_broken_files_are_told_whole(write: Write, golden: Any, name: str) -> None:
    write({".git/config": "", **FILES[name]})
    golden(f"broken-files/{name}.txt", refusal())


@pytest.mark.requirement("FR-015", "WU-6", "FR-023")
@pytest.mark.parametrize("name", PROJECTS)
def test_broken_projects_are_told_whole(write: Write, golden: Any, name: str) -> None:
    folder = write({".git/config": "", **DBT_PROJECT, **PROJECTS[name]})
    told = refusal()
    assert str(folder) not in told
    assert not (folder / "target/floe/compiled_artifacts.json").exists()
    golden(f"broken-projects/{name}.txt", told)


@pytest.mark.requirement("FR-015")
def test_the_library_raises_the_validation_error_itself(write: Write) -> None:
    folder = write({"floe.yaml": "metadata: {name: Shop}\n"})
    with pytest.raises(ValidationError) as raised:
        compile_pipeline(spec_path=folder / "floe.yaml")
    assert [error["loc"] for error in raised.value.errors()] == [("metadata", "name")]
    assert "'Shop' is not a name: lower-case letters" in str(raised.value)
