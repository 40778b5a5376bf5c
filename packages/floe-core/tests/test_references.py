"""No file leads the compiler out of the platform's folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from floe_core.cli.excerpt import excerpt
from floe_core.compiler import compile_floe_spec
from floe_core.errors import Position, SpecError

Write = Callable[[Mapping[str, str]], Path]

PLATFORM = "metadata: {name: p}\n"
PROJECT = "name: shop\nprofile: shop\n"
REPOSITORY = {
    "repository/.git/config": "",
    "repository/manifest.yaml": PLATFORM,
    "repository/shop/dbt_project.yml": PROJECT,
    "repository/shop/models/m.sql": "select 1 as a\n",
    "outside/manifest.yaml": PLATFORM,
    "outside/dbt_project.yml": PROJECT,
    "outside/secret.sql": "select 'hunter2' as a\n",
}


def refusal(write: Write, spec: str) -> str:
    folder = write({**REPOSITORY, "repository/shop/floe.yaml": f"metadata: {{name: shop}}\n{spec}"})
    os.chdir(folder / "repository/shop")
    with pytest.raises(SpecError) as raised:
        compile_floe_spec()
    assert "hunter2" not in str(raised.value)
    return str(raised.value).partition("\n")[0]


@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            "platform: ../../outside\n",
            "floe.yaml:2:11: FLOE-E216 platform: '../../outside' leads out of the repository '..'",
        ),
        (
            "platform: /etc/passwd\n",
            "floe.yaml:2:11: FLOE-E203 platform: '/etc/passwd' is not a relative path with '/'",
        ),
        (
            "dbt: {project: ../../outside}\n",
            "floe.yaml:2:16: FLOE-E216 dbt.project: '../../outside' leads out of '..'",
        ),
        (
            "dbt: {project: /etc}\n",
            "floe.yaml:2:16: FLOE-E203 dbt.project: '/etc' is not a relative path with '/'",
        ),
    ],
)
def test_a_reference_beyond_the_platform_is_refused(write: Write, spec: str, told: str) -> None:
    assert refusal(write, spec) == told


@pytest.mark.requirement("FR-066")
def test_a_link_that_leads_out_is_refused_wherever_it_stands(write: Write) -> None:
    folder = write(REPOSITORY)
    shop = folder / "repository/shop"
    (shop / "models/secret.sql").symlink_to(folder / "outside/secret.sql")
    told = "models/secret.sql:1:1: FLOE-E419 this link leads out of '..'"
    assert refusal(write, "") == told
    (shop / "models/secret.sql").unlink()
    (shop / "models/all").symlink_to(folder / "outside")
    assert refusal(write, "") == told.replace("secret.sql", "all")
    (shop / "dbt").symlink_to(folder / "outside")
    told = "floe.yaml:2:16: FLOE-E216 dbt.project: 'dbt' leads out of '..'"
    assert refusal(write, "dbt: {project: dbt}\n") == told


@pytest.mark.requirement("FR-066")
def test_a_folder_of_the_dbt_project_beyond_the_platform_is_refused(write: Write) -> None:
    out = {"repository/shop/dbt_project.yml": PROJECT + "macro-paths: [../../outside]\n"}
    told = "dbt_project.yml:1:1: FLOE-E419 '../../outside' leads out of '..'"
    assert refusal(lambda files: write({**files, **out}), "") == told


@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize("place", ["models/m2.sql", "seeds/raw.csv", "macros/all.sql"])
def test_a_pipe_in_the_dbt_project_is_refused_and_not_opened(write: Write, place: str) -> None:
    folder = write(REPOSITORY)
    pipe = folder / "repository/shop" / place
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    assert refusal(write, "") == f"{place}:1:1: FLOE-E419 this is a pipe or a device, no file"


@pytest.mark.requirement("FR-066", "FR-015")
def test_a_pipe_for_a_dbt_project_is_told_as_one(write: Write) -> None:
    files = {name: content for name, content in REPOSITORY.items() if "shop/dbt_project" not in name}
    path = write({**files, "repository/shop/floe.yaml": "metadata: {name: shop}\n"}) / "repository/shop"
    os.mkfifo(path / "dbt_project.yml")
    with pytest.raises(SpecError) as raised:
        compile_floe_spec(path)
    told = "dbt_project.yml:1:1: FLOE-E101 cannot be read: it is a pipe or a device, no file"
    assert told in str(raised.value)


@pytest.mark.requirement("FR-066")
def test_a_pipe_behind_a_source_is_refused_and_not_opened(shop: Path, write: Write) -> None:
    sources = (
        "sources:\n  - name: bank\n    config: {meta: {external_location: 'data/{name}.csv'}}\n"
        "    tables: [{name: rates}]\n"
    )
    write({"models/sources.yml": sources, "models/m.sql": "select * from {{ source('bank', 'rates') }}\n"})
    (shop / "data").mkdir()
    os.mkfifo(shop / "data/rates.csv")
    with pytest.raises(SpecError) as raised:
        compile_floe_spec(shop)
    assert str(raised.value).startswith(
        "models/sources.yml:4:1: FLOE-E416 source 'rates': 'data/rates.csv' is a pipe or a device, no file"
    )


@pytest.mark.requirement("FR-066")
@pytest.mark.parametrize("name", ["floe.yaml", "manifest.yaml"])
@pytest.mark.parametrize("target", [None, "/dev/zero", "nowhere"])
def test_a_pipe_a_device_or_a_link_to_nowhere_is_no_file_of_ours(
    write: Write, name: str, target: str | None
) -> None:
    folder = write({**REPOSITORY, "repository/shop/floe.yaml": "metadata: {name: shop}\n"})
    path = folder / "repository/shop" / name
    path.unlink(missing_ok=True)
    if target is None:
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    told = {
        None: "FLOE-E101 cannot be read: it is a pipe or a device, no file",
        "/dev/zero": "FLOE-E216 this link leads out of '..'",
        "nowhere": "FLOE-E101 cannot be read: No such file or directory",
    }
    os.chdir(path.parent)
    with pytest.raises(SpecError) as raised:
        compile_floe_spec()
    assert str(raised.value).startswith(f"{name}:1:1: {told[target]}")


@pytest.mark.requirement("FR-066", "FR-015")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("floe.yaml", "FLOE-E216 this link leads out of '..'"),
        ("manifest.yaml", "FLOE-E216 this link leads out of '..'"),
        ("dbt_project.yml", "FLOE-E419 this link leads out of '..'"),
    ],
)
def test_a_file_of_ours_that_is_a_link_out_of_the_platform_is_not_read(
    write: Write, name: str, told: str
) -> None:
    secret = {"outside/secret.yaml": "hunter2: {platform: ..}\nplatform: nowhere\n"}
    folder = write({**REPOSITORY, **secret, "repository/shop/floe.yaml": "metadata: {name: shop}\n"})
    link = folder / "repository/shop" / name
    link.unlink(missing_ok=True)
    link.symlink_to(folder / "outside/secret.yaml")
    os.chdir(link.parent)

    for named in (None, link) if name == "floe.yaml" else (None,):
        with pytest.raises(SpecError) as raised:
            compile_floe_spec(named)
        assert str(raised.value).startswith(f"{name}:1:1: {told}")
        assert len(raised.value.problems) == 1
    assert excerpt(Position(name)) == []


@pytest.mark.requirement("FR-066", "FR-012")
def test_a_file_of_ours_may_be_a_link_to_what_lies_in_the_platform(write: Write) -> None:
    files = {
        "p/manifest.yaml": PLATFORM,
        "p/shared/floe.yaml": "metadata: {name: 3}\n",
        "p/shared/dbt_project.yml": "- no project\n",
        "p/shop/models/m.sql": "select 1 as a\n",
    }
    folder = write(files)
    for name in ("floe.yaml", "dbt_project.yml"):
        (folder / "p/shop" / name).symlink_to(f"../shared/{name}")

    with pytest.raises(SpecError, match=r"p/shop/floe.yaml:1:18: FLOE-E203"):
        compile_floe_spec(folder / "p/shop")
    (folder / "p/shared/floe.yaml").write_text("metadata: {name: shop}\n")
    with pytest.raises(SpecError, match=r"p/shop/dbt_project.yml:1:1: FLOE-E402"):
        compile_floe_spec(folder / "p/shop")


@pytest.mark.requirement("FR-066")
def test_outside_of_a_repository_a_platform_is_a_yaml_file(write: Write) -> None:
    folder = write({"shop/floe.yaml": "metadata: {name: shop}\nplatform: ../shadow\n", "shadow": "hunter2\n"})
    with pytest.raises(SpecError, match=r"FLOE-E216 platform: '../shadow' is no YAML file"):
        compile_floe_spec(folder / "shop")


@pytest.mark.requirement("FR-066", "FR-012")
def test_what_lies_inside_may_be_linked_and_shared(write: Write) -> None:
    folder = write(
        {
            **REPOSITORY,
            "repository/shop/floe.yaml": "metadata: {name: shop}\nplatform: ../manifest.yaml\n",
            "repository/shop/dbt_project.yml": PROJECT + "macro-paths: [../macros]\n",
            "repository/macros/one.sql": "{% macro one() %}1{% endmacro %}\n",
            "repository/common/n.sql": "select {{ one() }} as b\n",
        }
    )
    (folder / "repository/shop/models/n.sql").symlink_to("../../common/n.sql")
    artifacts = compile_floe_spec(folder / "repository/shop").artifacts
    assert [model.name for model in artifacts.transforms] == ["m", "n"]


DEEP = "[" * 5_000
AGAIN = "a: &a0 [x, x]\n" + "".join(f"b{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 61))


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("dbt_project.yml", f"{PROJECT}vars: {DEEP}", ":3:70: FLOE-E111 nested deeper than 64 levels"),
        (
            "dbt_project.yml",
            f"{PROJECT}vars:\n  {AGAIN}".replace("\nb", "\n  b"),
            ":18:20: FLOE-E108 more than 100,000 repeated",
        ),
        ("dbt_project.yml", f"{PROJECT}vars: &v {{a: *v}}\n", ":3:14: FLOE-E108 alias '*v' stands within"),
        ("models/schema.yml", f"models: {DEEP}", ":1:72: FLOE-E111 nested deeper than 64 levels"),
        ("models/schema.yml", AGAIN, ":15:18: FLOE-E108 more than 100,000 repeated values"),
        ("packages.yml", f"packages: {DEEP}", ":1:74: FLOE-E111 nested deeper than 64 levels"),
    ],
    ids=[
        "deep-project",
        "large-project",
        "project-in-itself",
        "deep-models",
        "large-models",
        "deep-packages",
    ],
)
def test_yaml_that_would_end_dbts_process_is_not_handed_to_it(
    write: Write, name: str, content: str, told: str
) -> None:
    assert refusal(lambda files: write({**files, f"repository/shop/{name}": content}), "").startswith(
        f"{name}{told}"
    )
