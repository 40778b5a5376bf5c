"""Reading YAML that people write."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floe_core.errors import Position, SpecError, shown
from floe_core.yaml_file import MAX_BYTES, read_yaml
from floe_core.yaml_reader import MAX_ALIASES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, MAX_REPEATED

Write = Callable[[dict[str, str | bytes]], Path]


@pytest.mark.requirement("FR-015")
def test_scalars_are_kept_as_they_were_typed(write: Write) -> None:
    folder = write({"a.yaml": 'version: 1.10\nowner: no\nat: 12:30:45\ncode: 010\nquoted: "1"\nbig: 1_000\n'})
    assert read_yaml(folder / "a.yaml").tree == {
        "version": "1.10",
        "owner": "no",
        "at": "12:30:45",
        "code": "010",
        "quoted": "1",
        "big": "1_000",
    }


@pytest.mark.requirement("FR-015")
def test_what_says_nothing_is_none_unless_it_is_quoted(write: Write) -> None:
    folder = write({"a.yaml": "a:\nb: ~\nc: null\nd: 'null'\ne: ''\nf: [~, x]\n"})
    assert read_yaml(folder / "a.yaml").tree == {
        "a": None,
        "b": None,
        "c": None,
        "d": "null",
        "e": "",
        "f": [None, "x"],
    }


@pytest.mark.requirement("FR-015")
def test_every_key_and_every_value_has_its_place(write: Write) -> None:
    file = read_yaml(write({"a.yaml": "one:\n  two: [x, {three: y}]\nfour: z\n"}) / "a.yaml")
    assert file.at(("one", "two")) == Position("a.yaml", 2, 8)
    assert file.at(("one", "two"), key=True) == Position("a.yaml", 2, 3)
    assert file.at(("one", "two", 1, "three")) == Position("a.yaml", 2, 20)
    assert file.at(("four",), key=True) == Position("a.yaml", 3, 1)


@pytest.mark.requirement("FR-015")
def test_a_missing_key_is_told_at_what_should_hold_it(write: Write) -> None:
    file = read_yaml(write({"a.yaml": "x: y\none:\n  two: z\n"}) / "a.yaml")
    assert file.at(("one", "missing")) == Position("a.yaml", 2, 1)
    assert file.at(("missing",)) == Position("a.yaml", 1, 1)


@pytest.mark.requirement("FR-015")
def test_columns_count_characters_and_a_byte_order_mark_is_none(write: Write) -> None:
    file = read_yaml(write({"a.yaml": "\ufeffwer: {süß: ja, x: y}\n"}) / "a.yaml")
    assert file.tree == {"wer": {"süß": "ja", "x": "y"}}
    assert file.at(("wer", "x"), key=True) == Position("a.yaml", 1, 16)


@pytest.mark.requirement("FR-015")
def test_nesting_stops_at_its_limit_however_deep_it_is(write: Write) -> None:
    deep = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    tree: Any = read_yaml(write({"a.yaml": deep}) / "a.yaml").tree["a"]
    for _ in range(MAX_DEPTH - 2):
        [tree] = tree
    assert tree == []
    with pytest.raises(SpecError, match=f"a.yaml:1:67: FLOE-E111 nested deeper than {MAX_DEPTH} levels"):
        read_yaml(write({"a.yaml": "a: " + "[" * 100_000}) / "a.yaml")


@pytest.mark.requirement("FR-015")
def test_a_file_of_the_largest_size_is_read_and_no_larger_one(write: Write) -> None:
    head = b"a: b\n"
    largest = head + b"#" * (MAX_BYTES - len(head))
    assert read_yaml(write({"a.yaml": largest}) / "a.yaml").tree == {"a": "b"}
    with pytest.raises(SpecError, match="FLOE-E102 the file is larger than 1 MiB"):
        read_yaml(write({"a.yaml": largest + b"#"}) / "a.yaml")


@pytest.mark.requirement("FR-015")
def test_a_few_aliases_stand_for_what_they_repeat_each_at_its_own_place(write: Write) -> None:
    file = read_yaml(write({"a.yaml": "a: &it {x: [y, z]}\nb: *it\nc: {d: *it}\n"}) / "a.yaml")
    assert file.tree == {"a": {"x": ["y", "z"]}, "b": {"x": ["y", "z"]}, "c": {"d": {"x": ["y", "z"]}}}
    assert file.at(("b",)) == Position("a.yaml", 2, 4)
    assert file.at(("c", "d", "x", 1)) == file.at(("a", "x", 1)) == Position("a.yaml", 1, 16)
    assert file.at(("b", "x"), key=True) == Position("a.yaml", 1, 9)


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &a [*a]\n", "a.yaml:1:8: FLOE-E108 alias '*a' stands within '&a' itself"),
        ("a: &a {b: &b {c: *a}}\n", "a.yaml:1:18: FLOE-E108 alias '*a' stands within '&a' itself"),
        ("a: *b\n", "a.yaml:1:4: FLOE-E108 alias '*b' has no anchor '&b' above"),
        (
            "a: &a b\nc: [" + "*a," * (MAX_ALIASES + 1) + "]\n",
            f"a.yaml:2:{5 + 3 * MAX_ALIASES}: FLOE-E108 more than {MAX_ALIASES} aliases",
        ),
        (
            f"a: &a [{'b,' * (MAX_REPEATED // 2)}]\nc: [*a, *a]\n",
            "a.yaml:2:9: FLOE-E108 more than 1,000 repeated values",
        ),
        (
            "a: &a [b, b]\n"
            + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in itertools.pairwise("abcdefghi")),
            "a.yaml:8:8: FLOE-E108 more than 1,000 repeated values",
        ),
        ("a: &a {b: c}\nd:\n  <<: *a\n", "a.yaml:3:3: FLOE-E113 merge key '<<'"),
        (
            "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30,
            f"a.yaml:2:34: FLOE-E111 nested deeper than {MAX_DEPTH} levels",
        ),
    ],
)
def test_aliases_beyond_what_a_file_needs_are_refused(write: Write, text: str, told: str) -> None:
    with pytest.raises(SpecError) as raised:
        read_yaml(write({"a.yaml": text}) / "a.yaml")
    assert str(raised.value).partition("\n")[0] == told


@pytest.mark.requirement("FR-015")
def test_values_and_problems_have_their_limits(write: Write) -> None:
    many = f"a: [{'b,' * MAX_NODES}]\n"
    with pytest.raises(SpecError, match=r"a.yaml:1:\d+: FLOE-E114 more than 100,000 values"):
        read_yaml(write({"a.yaml": many}) / "a.yaml")
    with pytest.raises(SpecError) as raised:
        read_yaml(write({"a.yaml": "a: b\n" * 1000}) / "a.yaml")
    told = [f"{problem.at}: {problem.code}" for problem in raised.value.problems]
    assert len(told) == MAX_PROBLEMS + 1
    assert told[0] == "a.yaml:2:1: FLOE-E106"
    assert told[-1] == f"a.yaml:{MAX_PROBLEMS + 1}:1: FLOE-E115"


@pytest.mark.requirement("FR-015", "FR-066")
def test_of_what_is_no_file_not_a_byte_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")  # a reader that opened it as a file would wait for ever
    (tmp_path / "b.yaml").symlink_to("/dev/zero")
    for name in ("a.yaml", "b.yaml"):
        with pytest.raises(SpecError, match="FLOE-E101 cannot be read: it is a pipe or a device, no file"):
            read_yaml(tmp_path / name)


PIECES = st.sampled_from(
    [*"abx0:-?,[]{}&*!|>'\"%@`#~ \n\t\\", "\ufeff", "\x00", "\x85", "\u2028", "ü", "---", "...", ": ", "\n  "]
)


@pytest.mark.requirement("FR-015")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=30))
def test_whatever_is_typed_is_read_or_refused_with_a_place(tmp_path: Path, pieces: list[str]) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes("".join(pieces).encode())
    assert outcome(path) in (["read"], [shown(path)])


def outcome(path: Path) -> list[str]:
    """That the file was read, or which files its problems are told of."""
    try:
        read_yaml(path)
    except SpecError as error:
        return sorted({problem.at.file if problem.at else "nowhere" for problem in error.problems})
    return ["read"]
