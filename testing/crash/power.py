"""A power loss: a folder keeps what was synced, and of the rest what chance keeps."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

_PAGE = 4096
Names = dict[str, tuple[int, bool]]  # inode, and whether it is a folder


def start_image(folder: Path, image: Path) -> None:
    """Say that everything in the folder is on disk; the shim goes on from there."""
    shutil.rmtree(image, ignore_errors=True)
    image.mkdir()
    for place, _, files in os.walk(folder):
        here = Path(place)
        entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        lines = [f"{entry.inode()} {'d' if entry.is_dir() else 'f'} {entry.name}\n" for entry in entries]
        (image / f"{here.stat().st_ino}.names").write_text("".join(lines))
        for name in files:
            shutil.copyfile(here / name, image / str((here / name).stat().st_ino))


def lose_power(folder: Path, image: Path, chance: random.Random | None = None) -> int:
    """Make the folder what it would be after a power loss; how many files and names were lost or came back.

    Without ``chance`` nothing that was not synced is kept; with it, each name, file and page may be.
    """
    before = folder.with_name(f"{folder.name}.before")
    folder.rename(before)
    loss = _Loss(image, _contents(before), chance)
    loss.rebuild(before.stat().st_ino, before, folder)
    shutil.rmtree(before)
    return loss.changes


def _contents(folder: Path) -> dict[int, Path]:
    found = (Path(place) / name for place, _, files in os.walk(folder) for name in files)
    return {path.stat().st_ino: path for path in found}


@dataclass
class _Loss:
    image: Path
    written: dict[int, Path]
    chance: random.Random | None
    changes: int = 0

    def rebuild(self, inode: int, before: Path | None, folder: Path) -> None:
        folder.mkdir()
        for name, (entry, is_folder) in self._names(inode, before).items():
            if is_folder:
                was = before / name if before and (before / name).is_dir() else None
                self.rebuild(entry, was, folder / name)
            else:
                (folder / name).write_bytes(self._bytes(entry))

    def _names(self, inode: int, before: Path | None) -> Names:
        synced, now = self._synced_names(inode), _names_now(before)
        names: Names = {}
        for name in sorted(synced.keys() | now.keys()):
            choice = synced.get(name)
            if now.get(name) != choice:
                self.changes += 1
                if self.chance and self.chance.random() < 0.5:
                    choice = now.get(name)
            if choice:
                names[name] = choice
        return names

    def _synced_names(self, inode: int) -> Names:
        kept = self.image / f"{inode}.names"
        lines = kept.read_text().splitlines() if kept.exists() else []
        parts = (line.split(" ", 2) for line in lines)
        return {name: (int(entry), kind == "d") for entry, kind, name in parts}

    def _bytes(self, inode: int) -> bytes:
        synced, gone = self.image / str(inode), self.image / f"{inode}.gone"
        kept = synced.read_bytes() if synced.exists() else b""
        now = self.written.get(inode, gone)
        written = now.read_bytes() if now.exists() else kept
        if written == kept:
            return kept
        self.changes += 1
        return _some_pages(kept, written, self.chance) if self.chance else kept


def _names_now(folder: Path | None) -> Names:
    if folder is None:
        return {}
    return {entry.name: (entry.inode(), entry.is_dir()) for entry in os.scandir(folder)}


def _some_pages(kept: bytes, written: bytes, chance: random.Random) -> bytes:
    """Either length, and of each page what was synced or what was written."""
    size = len(chance.choice((kept, written)))
    padded = [text.ljust(size, b"\0")[:size] for text in (kept, written)]
    return b"".join(chance.choice(padded)[at : at + _PAGE] for at in range(0, size, _PAGE))
