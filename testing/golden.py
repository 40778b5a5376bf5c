"""Comparing whole outputs with files that are read in review."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Golden:
    """Compares a text with ``golden/<name>`` beside the test; writes it with ``--update-golden``."""

    folder: Path
    update: bool

    def __call__(self, name: str, text: str | bytes) -> None:
        path = self.folder / name
        given = text.encode() if isinstance(text, str) else text
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(given)
        assert path.exists(), f"no golden file '{path}': write it with pytest --update-golden"
        wanted = path.read_bytes()
        assert given.decode() == wanted.decode(), f"differs from '{path}': read it, then --update-golden"
        assert given == wanted, f"differs from '{path}' in its bytes only (line ends?)"
