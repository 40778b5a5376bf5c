"""Removing files that no snapshot leads to: seen to be so in one pass, removed in a later one.

What was seen, and when, is kept in the table's own metadata folder, so that it goes where the table goes
and any process can maintain it. A file's age alone would not do: a file expired a moment ago may be old,
and somebody may be reading it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.table import Table

from floe_iceberg.durable import make_directory, storing, sync
from floe_iceberg.reachability import StoredFile, UnclearError, folder_of, reached, stored_files


@dataclass(frozen=True)
class Patience:
    """When a file may go: seen unreachable by ``seen_ms`` and written by ``written_ms``, both before any
    living run began at ``run_ms``, which may be about to commit it or still be reading it.
    """

    seen_ms: int
    written_ms: int
    run_ms: int | None

    def allows(self, file: StoredFile, seen_ms: int) -> bool:
        free = self.run_ms is None or max(seen_ms, file.modified_ms) < self.run_ms
        return free and seen_ms <= self.seen_ms and file.modified_ms <= self.written_ms


@dataclass(frozen=True)
class Cleaned:
    """Files that went and files that wait; ``note`` says why none could be judged."""

    removed: Sequence[StoredFile] = ()
    waiting: Sequence[StoredFile] = ()
    note: str | None = None


@dataclass(frozen=True)
class Folder:
    """A table's own folder; ``elsewhere`` are those of other tables within it."""

    root: Path
    elsewhere: Sequence[Path]

    def files(self) -> list[StoredFile]:
        return stored_files(self.root, self.elsewhere)

    def empty_folders(self) -> Iterator[Path]:
        """Innermost first; some may turn out not to be empty."""
        for name, _, _ in os.walk(self.root, topdown=False):
            path = Path(name)
            if path != self.root and not any(path.is_relative_to(place) for place in self.elsewhere):
                yield path


def own_folder(location: str, places: Sequence[tuple[Path, str]]) -> Folder | str:
    """The folder at the location, or why it is not the table's own.

    ``places`` are the folders of all other tables, with their names.
    """
    root = folder_of(location)
    if root is None:
        return f"its files stay: '{location}' is no folder on a local disk"
    owner = next((name for place, name in places if root.is_relative_to(place)), None)
    if owner:
        return f"its files stay: its folder is also that of '{owner}'"
    return Folder(root, [place for place, _ in places if place.is_relative_to(root)])


def clean(
    look: Callable[[], Table | None], folder: Folder, patience: Patience, *, now_ms: int, dry_run: bool
) -> Cleaned:
    """Remove the files in the folder that were seen unreachable before and may go by now.

    ``look`` loads the table: it is called once all files are known, so that whatever is committed later
    is of files that are not among them.
    """
    files = folder.files()
    table = look()
    if table is None:
        return Cleaned()
    try:
        needed = reached(table)
    except UnclearError as error:
        return Cleaned(note=f"its files stay: it names '{error}', which cannot be found")
    marks = Marks(folder.root)
    before = marks.read()
    superfluous = {_key(folder.root, file): file for file in files if file.identity not in needed}
    seen = {key: before.get(key, now_ms) for key in superfluous}
    due = {key for key, file in superfluous.items() if patience.allows(file, seen[key])}
    removed = [superfluous[key] for key in due]
    waiting = {key: since_ms for key, since_ms in seen.items() if key not in due}
    if not dry_run:
        with storing(str(folder.root)):
            _remove(removed)
            _remove_empty_folders(folder, patience)
            if waiting != before:
                marks.write(waiting)
    return Cleaned(removed, [superfluous[key] for key in waiting])


def clear(files: Collection[StoredFile], folder: Folder) -> None:
    """Remove the files of a table that is in no catalog any more, and its folder if nothing else is in it."""
    with storing(str(folder.root)):
        _remove(files)
        Marks(folder.root).write({})
        for path in (*folder.empty_folders(), folder.root):
            with suppress(OSError):  # something is in it
                path.rmdir()


def _remove(files: Collection[StoredFile]) -> None:
    for file in files:
        file.path.unlink(missing_ok=True)


def _remove_empty_folders(folder: Folder, patience: Patience) -> None:
    """A write's folder is made before its files, so an empty one is judged by its age, as a file is."""
    kept = {folder.root / "data", folder.root / "metadata"}
    for path in folder.empty_folders():
        as_file = StoredFile.at(path)
        if path not in kept and patience.allows(as_file, as_file.modified_ms):
            with suppress(OSError):  # something is in it
                path.rmdir()


def _key(root: Path, file: StoredFile) -> str:
    return file.path.relative_to(root).as_posix()


class Marks:
    """When each unreachable file of a table was first seen so, by its path within the table's folder."""

    def __init__(self, root: Path) -> None:
        self._path = root / "metadata" / "floe-unreachable.json"

    def read(self) -> dict[str, int]:
        """None if they cannot be read: files are then seen for the first time, and wait."""
        try:
            marks = json.loads(self._path.read_bytes())
            return {str(key): int(value) for key, value in marks["seen"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return {}

    def write(self, seen: Mapping[str, int]) -> None:
        draft = self._path.with_suffix(".tmp")
        if not seen:
            self._path.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
            return
        make_directory(self._path.parent)
        draft.write_text(json.dumps({"version": 1, "seen": dict(seen)}, indent=1), encoding="utf-8")
        sync(draft)
        draft.replace(self._path)
        sync(self._path.parent)
