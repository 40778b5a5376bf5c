"""dbt's words, made fit for people: what is wrong, in which file, in which line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from dbt.exceptions import UninstalledPackagesFoundError
from dbt_common.exceptions import DbtBaseException

from floe_core.errors import Position, Problem, SpecError, shown
from floe_core.plugins.dbt import DbtLocation
from floe_core.suggestion import did_you_mean
from floe_dbt.project_keys import project_key_problems

SOURCES = (".sql", ".yml", ".yaml", ".py", ".md")

_HEADER = re.compile(
    r"^(Compilation|Parsing|Runtime|Database|Validation|Dependency|dbt Version) Error( in .*)?$"
)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LINE = re.compile(r"^\s*(?:line |Syntax error near line )(\d+)", re.MULTILINE)
_COLUMN = re.compile(r'in "<unicode string>", line (\d+), column (\d+)')
_FILE = re.compile(r"[\w./\\ -]*[\w-]+\.(?:sql|ya?ml|py|md|csv)\b")
_QUOTED = re.compile(r"['\"]([^'\"\n]+)['\"]")
_TWINS = re.compile(
    r'dbt found two (\w+)s with the name "([^"]+)".*?' + r"\n\s*- \S+ \(([^)\n]+)\)" * 2, re.DOTALL
)
_GUESS_AT_A_SYSTEM_TABLE = re.compile(r'Did you mean "(pg_|duckdb_|information_schema|sqlite_)')
_MISSING = re.compile(r"depends on a node named '([^']+)' which was not found")
_NODES = (".sql", ".py", ".csv")
_UNIQUE_ID = re.compile(r"\b[Nn]ode (?:model|snapshot|analysis)\.\w+\.(\w+)")
_ENDS = re.compile(
    r"^(-{5,}|Raw Error:|Error encountered in |Compiled code at |compiled code at |> (in|called by) )"
)


def cleaned(text: str) -> str:
    """The first paragraph of what dbt says, on one line, without its header and its own paths."""
    kept: list[str] = []
    for line in _ANSI.sub("", text).splitlines():
        stripped = line.strip()
        if not kept and (not stripped or _HEADER.match(stripped)):
            continue
        if not stripped or _ENDS.match(stripped) or stripped.startswith("Traceback"):
            break
        kept.append(stripped)
    return " ".join(kept) or text.strip()


def database_error(text: str) -> str:
    """What the database said, several lines if it said several, without dbt's frame and traceback."""
    lines = [line.strip() for line in _ANSI.sub("", text).splitlines()]
    while lines and (not lines[0] or _HEADER.match(lines[0])):
        lines.pop(0)
    kept: list[str] = []
    for line in lines:
        if not line or _ENDS.match(line) or line.startswith(("Traceback", "LINE ")):
            break
        if not _GUESS_AT_A_SYSTEM_TABLE.match(line):
            kept.append(line)
    return "\n".join(kept) or text.strip()


def all_lines(text: str) -> str:
    """What dbt says without colours and empty lines: the rows in which a unit test's result differs."""
    lines = (line.strip() for line in _ANSI.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def spec_error(error: BaseException, location: DbtLocation) -> SpecError:
    """Why a project does not parse."""
    text = str(error)
    if not isinstance(error, DbtBaseException):  # a slip of dbt or of an adapter, such as a bare KeyError
        text = f"dbt could not parse the project: {type(error).__name__} {text}"
    if isinstance(error, UninstalledPackagesFoundError):
        return SpecError(_missing_packages(error, location))
    if problems := project_key_problems(error, location):
        return SpecError(problems)
    if twins := _TWINS.search(text):
        first, second = sorted(twins.group(3, 4))  # dbt names them in the order of the disk
        told = f"two {twins[1]}s are named '{twins[2]}': {first} and {second}"
        return SpecError(Problem("FLOE-E403", told, Position.of(location.project_dir / first)))
    path = _file(error, text, location.project_dir)
    at = Position.of(path, *_place(text, path)) if path else _search(text, location.project_dir)
    hint = _meant(text, location.project_dir)
    return SpecError(Problem("FLOE-E403", _sentence(text), at or _project_file(location), hint))


def _meant(text: str, project_dir: Path) -> str | None:
    """The hint for a name that no model or seed has: each of them is called as its file."""
    missing = _MISSING.search(text)
    files = (path for path in project_dir.rglob("*") if path.suffix in _NODES) if missing else ()
    guess = missing and did_you_mean(missing[1], {path.stem for path in files})
    return guess if guess and guess.startswith("did") else None


def _missing_packages(error: UninstalledPackagesFoundError, location: DbtLocation) -> Problem:
    packages = "package is" if error.count_packages_specified == 1 else "packages are"
    return Problem(
        "FLOE-E404",
        f"{error.count_packages_specified} dbt {packages} named here,"
        f" {error.count_packages_installed} installed",
        Position.of(location.project_dir / error.packages_specified_path),
        hint=shlex.join(
            [
                *("dbt", "deps", "--project-dir", shown(location.project_dir)),
                *("--profiles-dir", shown(location.profiles_dir)),
            ]
        ),
    )


def _sentence(text: str) -> str:
    yaml = re.search(r"Raw Error:\s*\n\s*-+\s*\n(.*)", text, re.DOTALL)
    if yaml:
        lines = [line.strip() for line in yaml[1].splitlines()]
        return "not valid YAML: " + ", ".join(line for line in lines if line and not line.startswith('in "'))
    without_excerpt = re.split(r"\n\s*line \d+\s*(?:\n|$)", text)[0]
    return re.sub(r"^(Model|Test|Snapshot|Seed) ", lambda kind: kind[0].lower(), cleaned(without_excerpt))


def _project_file(location: DbtLocation) -> Position:
    return Position.of(location.project_dir / "dbt_project.yml")


def _file(error: BaseException, text: str, project_dir: Path) -> Path | None:
    """The project's own file that the error is about, if it says."""
    node = getattr(error, "node", None)
    named = [getattr(node, "original_file_path", None), getattr(error, "path", None)]
    meant = (f"{name}{suffix}" for name in _UNIQUE_ID.findall(text)[:1] for suffix in (".sql", ".py"))
    for name in [*named, *(match.strip() for match in _FILE.findall(text)), *meant]:
        if name and (found := _existing(project_dir, str(name))):
            return found
    return None


def _existing(project_dir: Path, name: str) -> Path | None:
    if (project_dir / name).is_file():
        return project_dir / name
    below = [path for path in _sources(project_dir) if path.as_posix().endswith("/" + name)]
    return below[0] if len(below) == 1 else None


def _place(text: str, path: Path) -> tuple[int, int]:
    if places := _COLUMN.findall(text):
        line, column = places[-1]
        return int(line), int(column)
    if match := _LINE.search(text):
        return int(match[1]) + leading_lines(path), 1
    return _first_mention(text, path) or (1, 1)


def leading_lines(path: Path) -> int:
    """How many blank lines dbt strips from a file's start before it counts lines."""
    if path.suffix not in (".sql", ".py"):
        return 0
    text = path.read_text(encoding="utf-8", errors="replace")
    return text[: len(text) - len(text.lstrip())].count("\n")


def _first_mention(text: str, path: Path) -> tuple[int, int] | None:
    """Where the file first says a node the message is about, a word that it quotes, or the message itself."""
    content = path.read_text(encoding="utf-8", errors="replace")
    for word in (
        *_UNIQUE_ID.findall(text),
        *(word.rsplit(".", 1)[-1] for word in _QUOTED.findall(text)),
        cleaned(text),
    ):
        if match := re.search(rf"(?<!\w){re.escape(word)}(?!\w)", content):
            line_start = content.rfind("\n", 0, match.start()) + 1
            return content.count("\n", 0, match.start()) + 1, match.start() - line_start + 1
    return None


def _search(text: str, project_dir: Path) -> Position | None:
    """The only file that says a word the message quotes, when the message names no file."""
    for word in _QUOTED.findall(text):
        quoting = [path for path in _sources(project_dir) if word in path.read_text(errors="replace")]
        if len(quoting) == 1:
            return Position.of(quoting[0], *(_first_mention(f"'{word}'", quoting[0]) or (1, 1)))
    return None


def _sources(project_dir: Path) -> Iterator[Path]:
    for path in sorted(project_dir.rglob("*")):
        inside = path.relative_to(project_dir).parts
        if path.suffix in SOURCES and not {"target", "logs", ".git", ".venv", ".floe"} & set(inside):
            yield path
