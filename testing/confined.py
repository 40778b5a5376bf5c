"""floe in forked processes with little time, watched in what they open: ``python -m testing.confined``.

A line of JSON names the folder to stand in and the arguments; a line of JSON tells how it went.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from testing.sources import ROOT

CPU_S = 2
MEMORY = 256 << 20


@dataclass(frozen=True)
class Confined:
    """How one call ended; ``signal`` is what ended it, 0 if it ended by itself."""

    status: int
    signal: int
    memory: int
    stdout: str
    stderr: str
    opened: tuple[str, ...]


class Confinement:
    """One process that has imported the compiler, and forks for each call."""

    def __enter__(self) -> Confinement:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testing.confined"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def __call__(self, folder: Path, *arguments: str) -> Confined:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(folder), *arguments]) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return Confined(**{**told, "opened": tuple(told["opened"])})


def serve() -> None:
    # what every call needs, so that a call's time is its own
    import floe_core.cli.commands.compile
    import floe_core.compilation.stages  # noqa: F401 - imported to be there

    for line in sys.stdin:
        folder, *arguments = json.loads(line)
        print(json.dumps(_forked(folder, arguments)), flush=True)


def _forked(folder: str, arguments: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        outputs = [f"{place}/{name}" for name in ("stdout", "stderr", "opened")]
        child = os.fork()
        if child == 0:
            _become_floe(folder, arguments, outputs)
        _, ended, usage = os.wait4(child, 0)
        texts = [Path(output).read_text("utf-8", "surrogateescape") for output in outputs]
    return {
        "status": os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else -1,
        "signal": os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else 0,
        "memory": usage.ru_maxrss * 1024,
        "stdout": texts[0],
        "stderr": texts[1],
        "opened": sorted(set(texts[2].split("\0")) - {""}),
    }


def _become_floe(folder: str, arguments: list[str], outputs: list[str]) -> None:
    from floe_core.cli.program import program

    os.chdir(folder)
    for output, descriptor in zip(outputs[:2], (1, 2), strict=True):
        os.dup2(os.open(output, os.O_CREAT | os.O_WRONLY), descriptor)
    opened = os.open(outputs[2], os.O_CREAT | os.O_WRONLY)

    def note(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str | bytes):
            path = os.fsencode(Path.cwd() / os.fsdecode(details[0]))
            os.write(opened, path + b"\0")

    sys.addaudithook(note)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    status: Any = 0
    try:
        program.main(arguments)
    except SystemExit as end:
        status = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(status or 0))


if __name__ == "__main__":
    serve()
