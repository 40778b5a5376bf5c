"""Whatever is wrong with what was typed: everything at once, each with its place and what to type next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from floe_core.compilation.stages import compile_pipeline
from floe_core.compiler import compile_floe_spec
from floe_core.errors import FloeError

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
    "anothers-schema": {
        "manifest.yaml": PLATFORM,
        "other/floe.yaml": "metadata: {name: shop-x}\n",
        "models/m.sql": "{{ config(schema='x') }}\nselect 1 as a\n",
    },
    "a-policy-at-level-strict": {
        "manifest.yaml": f"{PLATFORM}governance: {{level: strict}}\n",
        "models/m.sql": "select 1 as a\n",
    },
}


def refusal() -> str:
    with pytest.raises(FloeError) as raised:
        compile_floe_spec()
    return f"{type(raised.value).__name__}, exit {raised.value.exit_status}\n{raised.value}\n"


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
