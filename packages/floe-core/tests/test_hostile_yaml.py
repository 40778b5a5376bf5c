"""Files that mean harm: refused with a place, soon, with little memory, and nothing else is read."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testing.confined import MEMORY, Confined, Confinement

NAME = "metadata: {name: shop}\n"
MANY = 90_000
LONG = 1_000_000
PLACED = re.compile(r"(?m)^(floe\.yaml|manifest\.yaml|dbt_project\.yml):\d+:\d+: (FLOE-E\d{3}) ")

SPECS: dict[str, tuple[str | bytes, str]] = {
    "billion-laughs": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in itertools.pairwise("abcdefghi")),
        "FLOE-E108",
    ),
    "quadratic-blowup": (f"a: &a {'x' * 100_000}\nb: [{','.join(['*a'] * 1000)}]\n", "FLOE-E108"),
    "in-itself": ("a: &a {b: *a}\n", "FLOE-E108"),
    "many-anchors": ("".join(f"x-{n}: &n{n} {n}\n" for n in range(20_000)) + "name: x\n", "FLOE-E202"),
    "deep-flow-lists": ("a: " + "[" * LONG, "FLOE-E111"),
    "deep-flow-mappings": ("a: " + "{a: " * 200_000, "FLOE-E111"),
    "deep-block-lists": ("a:\n  " + "- " * 300_000, "FLOE-E111"),
    "deep-block-mappings": ("".join(" " * n + "a:\n" for n in range(1_000)), "FLOE-E111"),
    "deep-keys": ("? " * 300_000, "FLOE-E110"),
    "deep-closing": ("a: " + "]" * LONG, "FLOE-E105"),
    "one-long-key": (f"{'k' * LONG}: x\n", "FLOE-E105"),
    "one-long-quoted-key": (f'"{"k" * 1000}": x\n' * 3, "FLOE-E116"),
    "one-long-text": (f"metadata: {{name: {'n' * LONG}}}\n", "FLOE-E116"),
    "one-long-line-of-quotes": ("a: " + "'" * (LONG + 1), "FLOE-E105"),
    "many-unknown-keys": ("".join(f"k{n}: v\n" for n in range(MANY // 2)), "FLOE-E115"),
    "many-double-keys": ("k: v\n" * 200_000, "FLOE-E115"),
    "many-tags": ("a: [" + "!t x," * 40_000 + "]", "FLOE-E115"),
    "many-documents": ("--- {a: b}\n" * 50_000, "FLOE-E107"),
    "many-values": (f"a: [{'1,' * 200_000}]", "FLOE-E114"),
    "many-environments": (
        f"{NAME}environments: {{{','.join(f'E{n}: x' for n in range(MANY // 3))}}}\n",
        "FLOE-E115",
    ),
    "comments-only": ("#" * LONG, "FLOE-E112"),
    "line-ends-only": ("\r\n" * 400_000, "FLOE-E112"),
    "a-long-number": (f"{NAME}schedule: {{every: {'9' * 10_000}d}}\n", "FLOE-E116"),
    "a-long-cron": (f"{NAME}schedule: {{cron: '{'*' * LONG}'}}\n", "FLOE-E116"),
    "a-long-path": (f"{NAME}dbt: {{project: {'a/' * 50_000}b}}\n", "FLOE-E116"),
    "a-long-name-of-a-path": (f"{NAME}dbt: {{project: {'a' * 50_000}}}\n", "FLOE-E116"),
    "a-long-path-of-a-platform": (f"{NAME}platform: {'a' * 50_000}\n", "FLOE-E116"),
    "a-long-number-within-the-limits": (f"{NAME}schedule: {{every: {'9' * 9_000}d}}\n", "FLOE-E203"),
    "a-long-cron-within-the-limits": (f"{NAME}schedule: {{cron: '{'*' * 9_000}'}}\n", "FLOE-E203"),
    "a-long-path-within-the-limits": (f"{NAME}dbt: {{project: {'a/' * 4_000}b}}\n", "FLOE-E203"),
    "a-long-name-within-the-limits": (f"{NAME}dbt: {{project: {'a' * 9_000}}}\n", "FLOE-E203"),
    "a-long-platform-within-the-limits": (f"{NAME}platform: {'a' * 9_000}\n", "FLOE-E203"),
    "a-time-zone-that-climbs": (
        f"{NAME}schedule: {{cron: '0 6 * * *', timezone: ../../../../etc/passwd}}\n",
        "FLOE-E203",
    ),
    "a-time-zone-from-the-root": (
        f"{NAME}schedule: {{cron: '0 6 * * *', timezone: /etc/passwd}}\n",
        "FLOE-E203",
    ),
    "a-platform-that-climbs": (f"{NAME}platform: ../../../../../../../../etc/passwd\n", "FLOE-E216"),
    "a-platform-from-the-root": (f"{NAME}platform: /etc/passwd\n", "FLOE-E203"),
    "a-dbt-project-that-climbs": (f"{NAME}dbt: {{project: ../../../../../../../../etc}}\n", "FLOE-E216"),
    "python-object": ("a: !!python/object/apply:os.system [id]\n", "FLOE-E109"),
    "python-name": (f"{NAME}x: !!python/name:os.system\n", "FLOE-E109"),
    "binary": (f"{NAME}x: !!binary aGk=\n", "FLOE-E109"),
    "include": (f"{NAME}x: !include /etc/passwd\n", "FLOE-E109"),
    "another-yaml": ("%YAML 9.9\n---\na: b\n", "FLOE-E105"),
    "merge-key": (f"x-a: &a {{b: c}}\n{NAME}dbt: {{<<: *a}}\n", "FLOE-E113"),
    "utf-16": (NAME.encode("utf-16"), "FLOE-E103"),
    "utf-32": (NAME.encode("utf-32"), "FLOE-E103"),
    "overlong": (b"a: \xc0\xaf\n", "FLOE-E103"),
    "half-a-surrogate": (b"a: \xed\xa0\x80\n", "FLOE-E103"),
    "escaped-surrogate": ('a: "\\ud800"\n', "FLOE-E105"),
    "bytes": (bytes(range(256)) * 4000, "FLOE-E103"),
    "nul": ("a: \0\n", "FLOE-E104"),
    "terminal-escapes": ("a: \x1b]0;owned\x07\n", "FLOE-E104"),
    "escaped-terminal-escapes": ('metadata: {name: "\\e[2J"}\n', "FLOE-E104"),
    "too-large": ("a: b\n" * 300_000, "FLOE-E102"),
    "an-environment-variable": ("metadata: {name: shop, owner: '${HOME}'}\n", "FLOE-E217"),
}

MANIFESTS: dict[str, tuple[str, str]] = {
    "a-long-number-for-a-plugin": (
        f"{NAME}plugins: {{compute: {{type: duckdb, config: {{threads: {'9' * 100_000}}}}}}}\n",
        "FLOE-E116",
    ),
    "a-long-number-for-a-plugin-within-the-limits": (
        f"{NAME}plugins: {{compute: {{type: duckdb, config: {{threads: {'9' * 9_000}}}}}}}\n",
        "FLOE-E203",
    ),
    "a-long-plugin-within-the-limits": (
        f"metadata: {{name: p}}\nplugins: {{compute: {{type: {'x' * 9_000}}}}}\n",
        "FLOE-E204",
    ),
    "many-plugin-types": (
        f"metadata: {{name: p}}\nplugins: {{{','.join(f'p{n}: x' for n in range(MANY // 3))}}}\n",
        "FLOE-E115",
    ),
    "many-locks": (f"metadata: {{name: p}}\nlock: [{'x,' * MANY}]\n", "FLOE-E115"),
    "many-layers": (
        f"metadata: {{name: p}}\nlayers: {{{','.join(f'l{n}: [f]' for n in range(MANY // 4))}}}\n",
        "FLOE-E203",
    ),
    "a-plugin-that-is-a-path": (
        "metadata: {name: p}\nplugins: {compute: {type: ../../../../etc/passwd}}\n",
        "FLOE-E204",
    ),
    "a-long-plugin": (f"metadata: {{name: p}}\nplugins: {{compute: {{type: {'x' * LONG}}}}}\n", "FLOE-E116"),
    "a-setting-with-a-pattern": (
        "metadata: {name: p}\nplugins: {compute: {type: duckdb, config: {memoryLimit: "
        + "'"
        + "1" * 100_000
        + " '}}}\n",
        "FLOE-E116",
    ),
}


def in_their_tiers(files: Mapping[str, tuple[str | bytes, str]]) -> list[Any]:
    """The large ones take a second each."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] if len(content) > 250_000 else [])
        for name, (content, _) in files.items()
    ]


@pytest.fixture(scope="module")
def confined() -> Iterator[Confinement]:
    with Confinement() as confinement:
        yield confinement


def place(folder: Path, **files: str | bytes) -> Path:
    (folder / ".git").mkdir(parents=True)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def foreign(folder: Path, opened: tuple[str, ...]) -> list[str]:
    """What was opened and is neither the platform's nor Python's own."""
    places = (str(folder), sys.prefix, sys.base_prefix, str(Path(__file__).parents[3]), "/usr/share/zoneinfo")
    own = tuple(Path(place).resolve() for place in places)
    return [path for path in opened if not any(Path(path).resolve().is_relative_to(place) for place in own)]


def told(result: Confined, folder: Path) -> list[str]:
    """The codes of all problems that are told, once everything else is as it must be."""
    assert (result.status, result.signal, result.stdout) == (2, 0, "")
    assert "Traceback" not in result.stderr
    assert len(result.stderr) < 100_000
    assert result.memory <= MEMORY
    assert foreign(folder, result.opened) == []
    return [code for _, code in PLACED.findall(result.stderr)]


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize("name", in_their_tiers(SPECS))
def test_a_hostile_spec_is_refused(confined: Confinement, tmp_path: Path, name: str) -> None:
    content, code = SPECS[name]
    folder = place(tmp_path / "platform", floe=content)
    codes = told(confined(folder, "compile"), folder)
    assert code in codes
    assert len(codes) <= 21


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize("name", in_their_tiers(MANIFESTS))
def test_a_hostile_manifest_is_refused(confined: Confinement, tmp_path: Path, name: str) -> None:
    content, code = MANIFESTS[name]
    folder = place(tmp_path / "platform", floe=NAME, manifest=content)
    codes = told(confined(folder, "compile"), folder)
    assert code in codes
    assert len(codes) <= 21 + 1  # a manifest as wrong as this, and no dbt project


PROJECTS = {
    "deep": ("name: shop\nprofile: shop\nvars: " + "[" * 100_000, "FLOE-E111"),
    "doubling": (
        "name: shop\nprofile: shop\nvars:\n  v0: &v0 [x, x]\n"
        + "".join(f"  v{n}: &v{n} [*v{n - 1}, *v{n - 1}]\n" for n in range(1, 61)),
        "FLOE-E108",
    ),
}


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize("name", PROJECTS)
def test_a_hostile_dbt_project_is_refused(confined: Confinement, tmp_path: Path, name: str) -> None:
    content, code = PROJECTS[name]
    folder = place(tmp_path / "platform", floe=NAME)
    (folder / "dbt_project.yml").write_text(content)
    assert told(confined(folder, "compile"), folder) == [code]


@pytest.mark.requirement("FR-066")
def test_a_climb_and_a_link_count_as_where_they_lead(tmp_path: Path) -> None:
    folder = place(tmp_path / "platform", floe=NAME)
    (folder / "link").symlink_to(tmp_path)
    own = (f"{folder}/floe.yaml", f"{folder}/x/../floe.yaml", f"{sys.prefix}/pyvenv.cfg")
    others = (f"{folder}/../../etc/passwd", f"{folder}/link/secret", f"{folder}-of-others")
    assert foreign(folder, own + others) == list(others)


KEYS = st.sampled_from(
    [
        "metadata",
        "name",
        "dbt",
        "project",
        "platform",
        "schedule",
        "every",
        "cron",
        "timezone",
        "retention",
        "environments",
        "compute",
        "plugins",
        "layers",
        "lock",
        "governance",
        "rules",
        "config",
        "x-a",
        "?",
        "<<",
    ]
)
LEAVES = st.one_of(
    st.sampled_from(
        ["", "~", "no", "010", "1_000", "1.10", "12:30:45", "0x1F", ".inf", "1e999", "*a", "&a b"]
    ),
    st.sampled_from(
        ["!!str x", "'${HOME}'", "../..", "/etc/passwd", "|\n  x", ">-\n y", "'", '"\\u0000"', "\t"]
    ),
    st.text(max_size=12),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(KEYS, inner), max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries) + "}"
        ),
    ),
    max_leaves=12,
)
FILES = st.lists(st.tuples(KEYS, TREES), max_size=6).map(
    lambda entries: "".join(f"{key}: {value}\n" for key, value in entries)
)


@pytest.mark.requirement("FR-015", "FR-066")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=FILES, manifest=FILES)
def test_whatever_is_made_of_our_own_keys_is_refused_in_sentences(
    confined: Confinement, tmp_path: Path, spec: str, manifest: str
) -> None:
    folder = tmp_path / "platform"
    if not folder.exists():
        place(folder)
    (folder / "floe.yaml").write_bytes(spec.encode("utf-8", "surrogatepass"))
    (folder / "manifest.yaml").write_bytes(manifest.encode("utf-8", "surrogatepass"))
    assert told(confined(folder, "compile"), folder) != []
