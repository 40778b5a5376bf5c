"""Terminal sessions in the documentation, typed again line by line and compared with what they show."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from floe_core.cli.program import program
from testing.command_line import blotted

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PROGRESS = re.compile(r"\d+/\d+ ")
_REST = "…"


@dataclass(frozen=True)
class Step:
    """One command and what the page says it prints.

    A line ``…`` stands for any lines, ``…`` within a line for any text.
    """

    command: str
    shown: str

    def agrees(self, printed: str) -> bool:
        """Whether that was printed, what differs from run to run aside."""
        pattern = "".join(
            "(?:.*\n)*" if line.strip() == _REST else re.escape(line).replace(_REST, ".*") + "\n"
            for line in _settled(self.shown)
        )
        return re.fullmatch(pattern, "".join(f"{line}\n" for line in _settled(printed))) is not None


def _settled(text: str) -> Iterator[str]:
    """The lines without times and ids; models that are built side by side end in any order, so in one."""
    for built, lines in itertools.groupby(blotted(text).splitlines(), key=_is_progress):
        group = list(lines)
        yield from sorted(line.partition(" ")[2] for line in group) if built else group


def _is_progress(line: str) -> bool:
    return bool(_PROGRESS.match(line))


@dataclass
class Terminal:
    """Where the commands are typed: floe in this process, everything else in a shell."""

    folder: Path
    status: int = field(default=0, init=False)

    def type(self, command: str) -> str:
        """What the command prints, on both its outputs."""
        if command == "echo $?":
            return f"{self.status}\n"
        if command.startswith("cd "):
            self.folder = self.folder / shlex.split(command)[1]
            os.chdir(self.folder)
            return ""
        if command.startswith("floe "):
            done = CliRunner().invoke(program, shlex.split(command)[1:])
            self.status = done.exit_code
            return done.output
        shell = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.status = shell.returncode
        return shell.stdout


def steps(page: str) -> list[Step]:
    """All commands of the page's console blocks, in their order."""
    return [step for block in _BLOCK.findall(page) for step in _steps(block)]


def replayed(page: str, folder: Path) -> tuple[str, list[str]]:
    """The page with what its commands print now, and what differs from what it shows.

    The outputs that agree stay as they are written. The working directory is ``folder``, then wherever
    the session goes.
    """
    terminal = Terminal(folder)
    differences: list[str] = []

    def again(block: re.Match[str]) -> str:
        text = ""
        for step in _steps(block[1]):
            printed = terminal.type(step.command)
            if step.agrees(printed):
                printed = step.shown
            else:
                differences.append(f"$ {step.command}\n{printed}--- shown:\n{step.shown}")
            text += _prompted(step.command) + printed
        return f"```console\n{text}```"

    return _BLOCK.sub(again, page), differences


def _steps(block: str) -> Iterator[Step]:
    lines = block.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        more = list(itertools.takewhile(lambda line: line.startswith(("> ", ">\n")), lines[start + 1 : end]))
        command = "".join([lines[start][2:], *(line[2:] or "\n" for line in more)]).rstrip("\n")
        yield Step(command, "".join(lines[start + 1 + len(more) : end]))


def _prompted(command: str) -> str:
    first, *rest = command.splitlines()
    return "".join([f"$ {first}\n", *(f"> {line}".rstrip() + "\n" for line in rest)])
