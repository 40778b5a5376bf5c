"""The README's code, run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from testing.sources import ROOT


def blocks(heading: str, language: str) -> list[str]:
    """The code blocks of a section, in their order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def printed(snippets: Sequence[str], folder: Path, variables: Mapping[str, str] = {}) -> list[str]:
    """The lines they print, one snippet after the other, in a Python that stands in the folder.

    Raises RuntimeError with what it said when it ends badly.
    """
    program_first = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(snippets)],
        cwd=folder,
        env={**os.environ, "PATH": program_first, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout.splitlines()
