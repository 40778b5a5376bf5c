"""What floe takes of Rego, and what it refuses because something missing could pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from floe_core.errors import SpecError
from floe_core.policy.builtins import BUILTINS
from floe_core.policy.files import files_in
from floe_core.policy.judge import check
from floe_core.policy.reading import read_policies, read_policy

HEAD = "package floe.model.gold\n\nimport rego.v1\n\n"
WHOLE = (
    f"{HEAD}"
    'required := {"steward", "two tests"}\n\n'
    'help := {"steward": "write a steward"}\n\n'
    "enough := 2\n\n"
    "is_named(text) if count(text) > 0  # a text of no letters names nobody\n\n"
    'proven contains "steward" if is_named(input.model.meta.steward)\n\n'
    'proven contains "two tests" if {\n\tcount(input.model.tests) >= enough\n}\n\n'
    "deny := required - proven\n"
)


def refusals(folder: Path, source: str) -> list[str]:
    """What is said of the policy, without the file's name."""
    path = folder / "gold.rego"
    path.write_text(source)
    with pytest.raises(SpecError) as raised:
        check([read_policy(path)])
    assert raised.value.exit_status == 2
    assert {problem.code for problem in raised.value.problems} == {"FLOE-E314"}
    return [
        f"{problem.at.line}:{problem.at.column} {problem.message}" if problem.at else problem.message
        for problem in raised.value.problems
    ]


def extended(more: str) -> str:
    """A good policy with one more statement, in line 15."""
    return f"{WHOLE}{more}\n"


@pytest.mark.requirement("WU-6")
def test_a_policy_says_what_is_required_what_proves_it_and_denies_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "gold.rego"
    path.write_text(WHOLE)
    policy = read_policy(path)
    check([policy])
    assert (policy.about, policy.name, policy.package) == ("model", "gold", "floe.model.gold")
    assert policy.required == ("steward", "two tests")
    assert policy.help == {"steward": "write a steward"}


@pytest.mark.requirement("WU-6")
def test_a_policy_that_lists_what_is_wrong_is_refused_with_an_explanation(tmp_path: Path) -> None:
    source = (
        "package floe.model.gold\nimport rego.v1\ndefault allow := false\nallow if count(deny) == 0\n"
        'deny contains "steward" if not input.model.meta.steward\n'
    )
    path = tmp_path / "deny.rego"
    path.write_text(source)
    with pytest.raises(SpecError) as raised:
        read_policy(path)
    told = [(problem.message, problem.hint) for problem in raised.value.problems]
    style = "write 'required := {\"ID\"}', 'proven contains \"ID\" if …' and 'deny := required - proven'"
    assert told == [
        ("'default' answers for what is missing", "leave it out: what is missing proves nothing"),
        ("allows; floe allows what is proven and nothing else", style),
        ("lists what is wrong, and so allows what is missing", style),
        ("'not' proves by what is missing", "write 'X == false': that is undefined where X is"),
    ]


@pytest.mark.requirement("WU-6")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("broken contains m if some m in input.model.tests", "collects what it finds"),
        ("broken[m] if some m in input.model.tests", "collects what it finds"),
        ("x := [t | some t in input.model.tests]", "a comprehension leaves out what is missing"),
        ("x if not input.model.layer", "'not' proves by what is missing"),
        ("x := 1 if input.model.group else := 2", "'else' answers for what is missing"),
        ("default x := 1", "'default' answers for what is missing"),
        ('x if input.model.layer == "gold" with input.model.layer as "gold"', "'with' exchanges"),
        ("x := data.secrets", "'data' reaches outside this policy"),
        ("import data.secrets", "imports something else than 'rego.v1'"),
        ("x := opa.runtime().env", "no function 'opa.runtime' for policies"),
        ('x := http.send({"url": "http://localhost"})', "no function 'http.send' for policies"),
        ("x := time.now_ns()", "no function 'time.now_ns' for policies"),
        ('x := object.get(input.model.meta, "a", true)', "no function 'object.get' for policies"),
        ("x := input.model.materialised", "the input has no 'input.model.materialised'"),
        ('x := input.model["materialised"]', "the input has no 'input.model.materialised'"),
        ("x := input.models", "the input has no 'input.models'"),
        ("x := input", "'input' as a whole"),
        ("deny := set()", "lists what is wrong, and so allows what is missing"),
        ('proven contains "steward"', 'proves "steward" without a condition'),
        ("proven contains input.model.name if true", "an id that is only known when the policy runs"),
        ('proven contains "stewart" if input.model.group', "'stewart' is proven and not required"),
        ('required := {"more"}', "'required' is written twice"),
        ('proven := {"steward", "two tests"}', "'proven' is written in another way"),
        ('x := 1; proven contains "steward" if true', "two statements in one line"),
        ('x := 1\n  proven contains "steward" if true', "a rule goes on in a new line"),
        ("x := {", "the file ends inside a bracket"),
        ("x := )", "')' closes nothing"),
        ("x := § 5", "unexpected '§'"),
        ("x if if", "not Rego: "),
    ],
)
def test_what_could_pass_something_missing_is_refused(tmp_path: Path, statement: str, said: str) -> None:
    assert said in "\n".join(refusals(tmp_path, extended(statement)))


@pytest.mark.requirement("WU-6")
def test_an_id_that_nothing_proves_is_refused_where_it_is_written(tmp_path: Path) -> None:
    rules = 'required := {"a", "b"}\nproven contains "a" if input.model.group\ndeny := required - proven\n'
    assert refusals(tmp_path, HEAD + rules) == ["5:19 nothing proves 'b'"]


@pytest.mark.requirement("WU-6")
def test_two_files_of_one_package_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "a.rego", tmp_path / "b.rego"]
    for path in paths:
        path.write_text(WHOLE)
    with pytest.raises(SpecError) as raised:
        read_policies(paths)
    assert [problem.message for problem in raised.value.problems] == [
        "'a.rego' has package 'floe.model.gold', too"
    ]


@pytest.mark.requirement("WU-6")
def test_the_engine_knows_every_function_that_policies_may_call_and_so_does_their_page() -> None:
    ask = (
        "import sys\nfrom regopy import Interpreter\n"
        "print([Interpreter().is_builtin(name) for name in sys.argv[1:]])"
    )
    done = subprocess.run([sys.executable, "-c", ask, *BUILTINS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([True] * len(BUILTINS))
    source = (Path(__file__).parents[4] / "docs" / "policies.md").read_text(encoding="utf-8")
    assert [f"- `{name}`: {gives}" for name, gives in BUILTINS.items()] == [
        line for line in source.splitlines() if line.startswith("- `")
    ]


@pytest.mark.requirement("WU-6", "FR-066")
def test_what_is_named_like_a_policy_and_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "policies"
    assert files_in(folder) == []
    folder.mkdir()
    (folder / "dangling.rego").symlink_to("nowhere")
    (folder / "folder.rego").mkdir()
    (folder / "large.rego").write_text("#" * (1 << 20) + "\n")
    os.mkfifo(folder / "pipe.rego")
    (folder / ".#edited.rego").symlink_to("me@here.1:2")
    (folder / "cases.yaml").write_text("")
    with pytest.raises(SpecError) as raised:
        read_policies(files_in(folder))
    assert [str(problem).splitlines()[0] for problem in raised.value.problems] == [
        "policies/dangling.rego:1:1: FLOE-E101 cannot be read: No such file or directory",
        "policies/folder.rego:1:1: FLOE-E101 cannot be read: Is a directory",
        "policies/large.rego:1:1: FLOE-E102 the file is larger than 1 MiB",
        "policies/pipe.rego:1:1: FLOE-E101 cannot be read: it is a pipe or a device, no file",
    ]
    (tmp_path / "elsewhere").symlink_to("nowhere")
    with pytest.raises(SpecError, match="FLOE-E101 cannot be read: No such file"):
        files_in(tmp_path / "elsewhere")
