"""The files that sources read, told apart by what binding sees of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from floe_core.compilation.parquet_schema import schema_bytes

_QUOTED = re.compile(r"'((?:[^']|'')+)'")
_WITH_HEADER = {".csv", ".tsv", ".txt"}
_AT_MOST = 1 << 16


def source_files(sql: Iterable[str], project_dir: Path) -> dict[str, str | None]:
    """Each file, or pattern of files, that the SQL of sources names, with its digest."""
    named = {text.replace("''", "'") for statement in sql for text in _QUOTED.findall(statement)}
    found = {name: source_digest(name, project_dir) for name in sorted(named) if "." in name}
    return {name: digest for name, digest in found.items() if digest is not None}


def pipes(sql: str, project_dir: Path) -> list[str]:
    """The names in the SQL of a source behind which no file is: reading a pipe waits for ever."""
    named = (text.replace("''", "'") for text in _QUOTED.findall(sql))
    return [name for name in named if (project_dir / name).exists() and not _is_plain(project_dir / name)]


def _is_plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()


def source_digest(name: str, project_dir: Path) -> str | None:
    """A digest of the first file's header or schema, where it has one; None where there is no file."""
    path = project_dir / name
    if not path.is_file():
        base = Path(path.anchor)
        path = next(iter(sorted(base.glob(str(path.relative_to(base))))), path)
    if not path.is_file():  # opening a pipe waits for ever
        return None
    try:
        with path.open("rb") as file:
            header = file.readline(_AT_MOST) if path.suffix.lower() in _WITH_HEADER else schema_bytes(file)
    except OSError:
        return None
    return hashlib.sha256(header).hexdigest()
