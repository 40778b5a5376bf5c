"""Sessions in the documentation: what counts as the same output, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.session import Step, replayed, steps

PAGE = """\
text

```console
$ cat > a.txt <<'EOF'
> one
>
> two
> EOF
$ cat a.txt
one

two
$ false
$ echo $?
1
```
"""


@pytest.mark.requirement("TQR-001")
def test_a_page_is_typed_line_by_line_and_kept_where_it_is_right(tmp_path: Path) -> None:
    assert [step.command for step in steps(PAGE)] == [
        "cat > a.txt <<'EOF'\none\n\ntwo\nEOF",
        "cat a.txt",
        "false",
        "echo $?",
    ]
    assert replayed(PAGE, tmp_path) == (PAGE, [])


@pytest.mark.requirement("TQR-001")
def test_what_a_page_shows_wrongly_is_told_and_corrected(tmp_path: Path) -> None:
    text, differences = replayed(PAGE.replace("\ntwo\n$", "\nthree\n$"), tmp_path)
    assert text == PAGE
    assert differences == ["$ cat a.txt\none\n\ntwo\n--- shown:\none\n\nthree\n"]


@pytest.mark.requirement("TQR-001")
@pytest.mark.parametrize(
    ("shown", "printed", "agrees"),
    [
        ("1/2  ok  a  0.10 s\n2/2  ok  b  0.20 s\n", "1/2  ok  b  0.33 s\n2/2  ok  a  0.01 s\n", True),
        ("1/2  ok  a  0.10 s\n2/2  ok  b  0.20 s\n", "1/2  ok  b  0.33 s\n2/2  failed  a  0.01 s\n", False),
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\nz\n", "a\nb\nc\n", False),
        ("3 rows, … bytes\n", "3 rows, 556 bytes\n", True),
        ("3 rows, … bytes\n", "4 rows, 556 bytes\n", False),
        ("run 0a1b2c3d\n", "run 99999999\n", True),
        ("(1 row)\n", "(2 rows)\n", False),
        ("", "something\n", False),
    ],
)
def test_times_ids_and_the_order_of_what_ends_side_by_side_do_not_count(
    shown: str, printed: str, agrees: bool
) -> None:
    assert Step("", shown).agrees(printed) is agrees
