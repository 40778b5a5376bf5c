"""The hash-locked list of everything installed: ``python -m testing.lock [--check] [--upgrade]``.

Its first line is a digest of what it was resolved from, so that a stale lock is found without a network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from testing.sources import ROOT

LOCK = "requirements.lock"
_OLDEST_PYTHON = "3.11"


def members(root: Path) -> list[Path]:
    """The folders of the workspace's members, sorted."""
    return sorted(
        path.parent for place in ("packages", "plugins") for path in root.glob(f"{place}/*/pyproject.toml")
    )


def inputs_digest(root: Path) -> str:
    """sha256 over what the resolver reads of every pyproject.toml, in hex."""
    files = [root / "pyproject.toml", *(member / "pyproject.toml" for member in members(root))]
    read = {file.relative_to(root).as_posix(): _resolver_part(file) for file in files}
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def _resolver_part(file: Path) -> dict[str, object]:
    tree = tomllib.loads(file.read_text(encoding="utf-8"))
    project = tree["project"]
    keys = ("name", "requires-python", "dependencies", "optional-dependencies")
    return {
        "project": {key: project.get(key) for key in keys},
        "groups": tree.get("dependency-groups"),
        "uv": tree.get("tool", {}).get("uv"),
    }


def is_current(root: Path) -> bool:
    with (root / LOCK).open(encoding="utf-8") as lock:
        return lock.readline() == _first_line(root)


def _first_line(root: Path) -> str:
    return f"# make lock; resolved from {inputs_digest(root)}\n"


def write(root: Path, *, upgrade: bool) -> None:
    """Resolve; pins that still fit stay as they are unless ``upgrade``."""
    folders = members(root)
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--python-version", _OLDEST_PYTHON, "--no-header", "--no-annotate", "--group", "dev"]
    command += ["--upgrade"] if upgrade else []
    command += [f"--no-emit-package={folder.name}" for folder in folders]
    command += ["--output-file", LOCK, "pyproject.toml"]
    command += [(folder / "pyproject.toml").relative_to(root).as_posix() for folder in folders]
    subprocess.run(command, cwd=root, check=True)
    lock = root / LOCK
    lock.write_text(_first_line(root) + lock.read_text(encoding="utf-8"), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.lock", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the lock is current")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    options = parser.parse_args(arguments)
    if not options.check:
        write(ROOT, upgrade=options.upgrade)
    elif not is_current(ROOT):
        print(f"{LOCK} is older than the dependencies in pyproject.toml\n  hint: make lock")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
