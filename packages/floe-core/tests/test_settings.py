"""What the platform sets, what the product sets instead, and what it may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from floe_core.compilation.environments import current_retention, current_schedule, differences
from floe_core.compilation.load import load
from floe_core.compilation.plugin_choice import choose_plugins
from floe_core.compilation.provenance import sources_of
from floe_core.compilation.resolve import resolve
from floe_core.compilation.validate import Validated, validate
from floe_core.errors import Problem, SpecError
from floe_core.location import locate
from floe_core.plugins.registry import PluginRegistry

Write = Callable[[Mapping[str, str]], Path]

PLATFORM = """\
metadata: {name: p}
plugins:
  compute: {type: duckdb, config: {threads: 4}}
defaults:
  schedule: {every: 1h}
  retention: {maxAge: 30d, column: loaded_at}
environments:
  dev: {compute: {config: {memoryLimit: 1GB}}}
  prod: {compute: {config: {threads: 8}}, schedule: {cron: '0 6 * * *'}}
"""


def sources(write: Write, spec: str = "", manifest: str = PLATFORM) -> Validated:
    folder = write(
        {".git/config": "", "manifest.yaml": manifest, "floe.yaml": f"metadata: {{name: shop}}\n{spec}"}
    )
    return validate(load(locate(folder)))


LEFT_ALONE: dict[str, object] = {
    "cores": None,
    "tempDirectory": None,
    "settings": {},
    "extensions": [],
    "attach": [],
    "plugins": [],
    "modulePaths": [],
}
"""What nobody says of DuckDB."""


def config(found: Validated) -> dict[str, object]:
    problems: list[Problem] = []
    plugins = choose_plugins(found, PluginRegistry(), problems)
    assert plugins, problems
    return plugins.compute.model_dump(by_alias=True, exclude_unset=True)


@pytest.mark.requirement("FR-012")
def test_a_product_that_says_nothing_gets_what_the_platform_says(write: Write) -> None:
    found = sources(write)
    assert config(found) == {"threads": 4, "memoryLimit": "1GB"}
    schedule, retention = current_schedule(found), current_retention(found)
    assert schedule
    assert retention
    assert (schedule.every, retention.max_age, retention.column) == ("1h", "30d", "loaded_at")
    assert differences(found, PluginRegistry(), []) == {
        "dev": {},
        "prod": {
            "compute": {
                "type": "duckdb",
                "config": {"threads": 8, "memoryLimit": None, **LEFT_ALONE},
            },
            "schedule": {"cron": "0 6 * * *"},
        },
    }


@pytest.mark.requirement("FR-012")
def test_what_a_product_says_is_put_on_top_key_by_key(write: Write) -> None:
    found = sources(write, "compute: {config: {threads: 2}}\nschedule: {cron: '0 7 * * *'}\n")
    assert config(found) == {"threads": 2, "memoryLimit": "1GB"}
    schedule = current_schedule(found)
    assert schedule
    assert (schedule.every, schedule.cron) == (None, "0 7 * * *")
    assert differences(found, PluginRegistry(), [])["prod"]["compute"]["config"]["threads"] == 2


@pytest.mark.requirement("FR-012")
def test_what_a_product_says_of_an_environment_counts_there_alone(write: Write) -> None:
    found = sources(
        write,
        "environments:\n  dev: {compute: {config: {threads: 1}}}\n"
        "  prod: {retention: {maxAge: 7d, column: at}}\n",
    )
    assert config(found) == {"threads": 1, "memoryLimit": "1GB"}
    assert differences(found, PluginRegistry(), [])["prod"]["retention"] == {"maxAge": "7d", "column": "at"}


LOCKED = PLATFORM + "lock: [compute.threads, schedule]\n"


@pytest.mark.requirement("FR-012")
@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            "compute: {config: {threads: 16}}\n",
            "floe.yaml:2:20: FLOE-E208 compute.config.threads: platform 'p' locks 'compute.threads'"
            " in manifest.yaml:10:8",
        ),
        (
            "schedule: {every: 2h}\n",
            "floe.yaml:2:12: FLOE-E208 schedule.every: platform 'p' locks 'schedule' in manifest.yaml:10:25",
        ),
        (
            "environments: {prod: {compute: {config: {threads: 4}}}}\n",
            "floe.yaml:2:42: FLOE-E208 environments.prod.compute.config.threads: platform 'p' locks"
            " 'compute.threads' in manifest.yaml:10:8",
        ),
    ],
)
def test_a_locked_setting_is_told_with_both_places(write: Write, spec: str, told: str) -> None:
    with pytest.raises(SpecError) as raised:
        resolve(sources(write, spec, LOCKED))
    assert told in str(raised.value).splitlines()


@pytest.mark.requirement("FR-012")
@pytest.mark.parametrize(
    "spec",
    [
        "compute: {config: {threads: 4}}\n",
        "compute: duckdb\n",
        "schedule: {every: 1h}\n",
        "environments: {prod: {compute: {config: {threads: 8}}}}\n",
        "compute: {config: {memoryLimit: 2GB}}\n",
        "retention: {maxAge: 1d, column: at}\n",
    ],
)
def test_to_say_what_the_platform_says_or_leaves_open_is_no_override(write: Write, spec: str) -> None:
    with pytest.raises(SpecError, match=r"^floe.yaml:1:1: FLOE-E401 dbt.project: no dbt_project.yml"):
        resolve(sources(write, spec, LOCKED))


ALLOWED = (
    PLATFORM + "allowed: {compute: [duckdb, spark], compute.threads: [1, 4, 8], schedule.every: [1h, 1d]}\n"
)


@pytest.mark.requirement("FR-012")
@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            "compute: {config: {threads: 16}}\n",
            "floe.yaml:2:29: FLOE-E215 compute.config.threads: '16' is not allowed by manifest.yaml:10:54\n"
            "  hint: allowed: 1, 4, 8",
        ),
        (
            "environments: {prod: {schedule: {every: 1m}}}\n",
            "floe.yaml:2:41: FLOE-E215 environments.prod.schedule.every: '1m' is not allowed by"
            " manifest.yaml:10:81\n  hint: allowed: 1h, 1d",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_told_with_both_places(write: Write, spec: str, told: str) -> None:
    with pytest.raises(SpecError) as raised:
        resolve(sources(write, spec, ALLOWED))
    assert told in map(str, raised.value.problems)


@pytest.mark.requirement("FR-015", "FR-012")
def test_a_wrong_setting_is_told_in_the_file_that_says_it(write: Write) -> None:
    found = sources(
        write,
        "compute: {config: {threds: 2, memoryLimit: lots}}\n",
        PLATFORM.replace("threads: 4", "threads: many"),
    )
    problems: list[Problem] = []
    assert choose_plugins(found, PluginRegistry(), problems) is None
    assert [str(problem).partition("\n")[0] for problem in problems] == [
        "manifest.yaml:3:45: FLOE-E203 plugins.compute.config.threads: expected a whole number, found 'many'",
        "floe.yaml:2:20: FLOE-E201 compute.config.threds: unknown key",
        "floe.yaml:2:44: FLOE-E203 compute.config.memoryLimit: 'lots' does not fit: What DuckDB may use"
        " before it spills to disk, such as '4GB', shared by the products that run at once;"
        " by default 80 % of memory",
    ]


@pytest.mark.requirement("FR-012")
def test_every_word_on_a_setting_is_told_the_one_that_counts_first(write: Write) -> None:
    found = sources(
        write, "compute: {config: {threads: 2}}\nenvironments: {prod: {compute: {config: {threads: 6}}}}\n"
    )
    told = sources_of("compute.threads", found, PluginRegistry())
    assert list(told) == ["dev", "prod"]
    assert [(each.value, each.by, str(each.at or ""), each.counts) for each in told["prod"]] == [
        ("6", "product 'shop' for 'prod'", "floe.yaml:3:51", True),
        ("2", "product 'shop'", "floe.yaml:2:29", False),
        ("8", "platform 'p' for 'prod'", "manifest.yaml:9:38", False),
        ("4", "platform 'p'", "manifest.yaml:3:45", False),
        (4, "the default of plugin 'duckdb'", "", False),
    ]
    assert [(each.value, each.counts) for each in told["dev"]] == [("2", True), ("4", False), (4, False)]


@pytest.mark.requirement("FR-012")
def test_what_nobody_says_has_its_default(write: Write) -> None:
    [default] = sources_of("compute.extensions", sources(write), PluginRegistry())["dev"]
    assert (default.value, default.by, default.counts) == ((), "the default of plugin 'duckdb'", True)


@pytest.mark.requirement("FR-012", "FR-015")
@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("compute.thread", "did you mean 'compute.threads'?"),
        ("retention", "one of its parts: retention.column, retention.maxAge"),
        ("nonsense", "known here: compute, compute."),
    ],
)
def test_what_is_no_setting_is_told_with_those_there_are(write: Write, setting: str, hint: str) -> None:
    with pytest.raises(SpecError) as refused:
        sources_of(setting, sources(write), PluginRegistry())
    assert str(refused.value.problems[0]).startswith(f"FLOE-E223 no setting '{setting}'\n  hint: {hint}")


SPARKY = """
from typing import ClassVar
from floe_core.plugins import CatalogPlugin, PluginMetadata

class Nessie(CatalogPlugin):
    metadata: ClassVar[PluginMetadata] = PluginMetadata(name="nessie", version="1.2")
    protocol: ClassVar[str] = "nessie"
    catalog_name: ClassVar[str] = "nessie"

    def open(self, storage, state_dir):
        raise NotImplementedError
"""


@pytest.mark.requirement("FR-054")
def test_a_compute_that_does_not_speak_the_catalog_is_told_before_anything_runs(
    write: Write, install: Callable[[str, str, str], None]
) -> None:
    install("a-catalog", "[floe.catalogs]\nnessie = a_catalog:Nessie\n", SPARKY)
    manifest = "metadata: {name: p}\nplugins:\n  compute: {type: duckdb}\n  catalog: {type: nessie}\n"
    with pytest.raises(SpecError) as raised:
        resolve(sources(write, "", manifest))
    assert (
        "manifest.yaml:3:19: FLOE-E222 compute 'duckdb' does not speak 'nessie',"
        " as catalog 'nessie' in manifest.yaml:4:19 does\n"
        "  hint: it speaks rest, sql: choose another compute or another catalog"
    ) in map(str, raised.value.problems)


@pytest.mark.requirement("FR-054")
@pytest.mark.parametrize("version", ["1.1", "2.0", "one", "1"])
def test_a_plugin_for_a_newer_floe_is_told_before_anything_runs(
    write: Write, install: Callable[[str, str, str], None], version: str
) -> None:
    source = SPARKY.replace('version="1.2"', f'version="1.2", floe_api_version="{version}"')
    install("a-catalog", "[floe.catalogs]\nnessie = a_catalog:Nessie\n", source)
    manifest = "metadata: {name: p}\nplugins: {catalog: {type: nessie}}\n"
    with pytest.raises(SpecError) as raised:
        resolve(sources(write, "", manifest))
    told = f"'nessie' of 'a-catalog' is made for plugin API {version}, this floe has 1.0"
    assert f"FLOE-E207 plugins.catalog.type: catalog plugin {told}" in str(raised.value)
