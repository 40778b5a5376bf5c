"""What ``floe init`` and ``floe demo`` copy: it travels in the distribution 'floe'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from floe_core.errors import PluginError, Problem, SpecError, shown

_NOT_CONTENT = {"__pycache__", "target", "logs", "dbt_packages", ".floe"}
_DISTRIBUTION = "floe"


def template(name: str) -> Traversable:
    return _shipped("templates", name)


def demo_tree() -> Traversable:
    """The demo platform; where floe is installed in place, the checkout's."""
    beside = Path(str(_package())).parents[3] / "demo"
    installed_in_place = not _package().joinpath("demo").is_dir()
    return beside if installed_in_place and (beside / "manifest.yaml").is_file() else _shipped("demo")


def contents(tree: Traversable) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Every file of the tree with its path inside it, sorted."""
    for entry in sorted(tree.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name not in _NOT_CONTENT:
            for path, content in contents(entry):
                yield PurePosixPath(entry.name) / path, content
        elif entry.is_file():
            yield PurePosixPath(entry.name), entry.read_bytes()


def write_new(folder: Path, wanted: Mapping[PurePosixPath, bytes], *, hint: str) -> list[Path]:
    """Write all files below the folder and return their paths.

    Raises SpecError with the ``hint`` when any of them is there, before anything is written.
    """
    paths = [folder / path for path in wanted]
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there:
        raise SpecError(
            [Problem("FLOE-E010", f"'{shown(path)}' is there already", hint=hint) for path in there]
        )
    for path, content in zip(paths, wanted.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return paths


def _shipped(*names: str) -> Traversable:
    tree = _package().joinpath(*names)
    if not tree.is_dir():
        raise PluginError(Problem("FLOE-E011", f"this installation has no {names[0]}", hint=_reinstall()))
    return tree


def _package() -> Traversable:
    try:
        return files(_DISTRIBUTION)
    except ModuleNotFoundError as error:
        raise PluginError(
            Problem("FLOE-E011", f"the distribution '{_DISTRIBUTION}' is not installed", hint=_reinstall())
        ) from error


def _reinstall() -> str:
    return f"pip install --force-reinstall {_DISTRIBUTION}"
