"""Where a product's files lie, links resolved. Nothing in here reaches an artifact."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from floe_core.errors import Position, Problem, SpecError, shown
from floe_core.suggestion import did_you_mean
from floe_core.yaml_file import YamlFile, read_yaml

SPEC_NAME = "floe.yaml"
MANIFEST_NAME = "manifest.yaml"
_NEAR = 2  # levels to look below where no manifest says that the products are one platform's
_LONGEST_PATH = 1_000
_LONGEST_NAME = 255  # bytes, on every file system in use
_NOT_PRODUCTS = {"target", "node_modules", "dbt_packages"}


@dataclass(frozen=True)
class Location:
    """The places of one product, all absolute. ``manifest_path`` is None on the built-in platform."""

    spec_path: Path
    manifest_path: Path | None

    @property
    def product_dir(self) -> Path:
        return self.spec_path.parent

    @property
    def platform_dir(self) -> Path:
        """The folder that no reference of the product's files leads out of.

        It is the manifest's where the product lies below it, else the git repository, else the product's.
        """
        if self.manifest_path and lies_in(self.product_dir, self.manifest_path.parent):
            return self.manifest_path.parent
        return _repository(self.product_dir) or self.product_dir

    @property
    def state_dir(self) -> Path:
        return (self.manifest_path or self.spec_path).parent / ".floe"

    @property
    def generated_dir(self) -> Path:
        return self.product_dir / "target" / "floe"

    @property
    def artifacts_path(self) -> Path:
        return self.generated_dir / "compiled_artifacts.json"


def locate(product: Path | None = None, *, manifest: Path | None = None, cwd: Path | None = None) -> Location:
    """Find the product that is meant: a folder, its floe.yaml, a product's name, or the one here.

    Raises SpecError when there is none, when several could be meant, and when the manifest that is
    named does not exist.
    """
    here = (cwd or Path.cwd()).resolve()
    chosen = None if manifest is None else _manifest_file(here / manifest)
    if product is None:
        return _product_here(here, chosen)
    path = here / product
    path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name
    if _stands(path):
        return _location(path, chosen)
    if _stands(path / SPEC_NAME):
        return _location(path / SPEC_NAME, chosen)
    return _product_named(product, here, chosen)


def lies_in(path: Path, folder: Path) -> bool:
    """Whether the path, all links resolved, is the folder or lies below it."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def read_here(path: Path) -> YamlFile:
    """Read a floe.yaml or manifest.yaml.

    Raises SpecError for what cannot be read, and for a link out of the repository, or out of the platform's
    folder where there is none.
    """
    if path.is_symlink():
        manifest = _first_above(path.parent, MANIFEST_NAME)
        folder = _repository(path.parent) or (manifest.parent if manifest else path.parent)
        if not lies_in(path, folder):
            message = f"this link leads out of '{shown(folder)}'"
            raise SpecError(Problem("FLOE-E216", message, Position.of(path), "put the file itself there"))
    return read_yaml(path)


def path_fault(text: str) -> str | None:
    """What keeps the text from being a path relative to a file, as the end of 'X is …'."""
    if PurePosixPath(text).is_absolute() or PureWindowsPath(text).drive or "\\" in text:
        return "not a relative path with '/'"
    if len(text) > _LONGEST_PATH or any(len(os.fsencode(part)) > _LONGEST_NAME for part in text.split("/")):
        return "longer than a path can be"
    return None


def find_products(start: Path, *, manifest: Path | None = None) -> list[Location]:
    """All products of the platform that ``start`` belongs to, sorted by folder.

    Without a manifest that is the product ``start`` stands in, or those a few levels below it.
    """
    start = start.resolve()
    if manifest := _manifest_file(start / manifest) if manifest else _first_above(start, MANIFEST_NAME):
        return [
            location
            for spec in _specs_below(manifest.parent)
            if (location := Location(spec, _manifest_or(spec, manifest))).manifest_path == manifest
        ]
    if spec := _first_above(start, SPEC_NAME):
        return [_location(spec, None)]
    return [_location(spec, None) for spec in _specs_below(start, depth=_NEAR)]


def manifest_above(folder: Path) -> Path | None:
    """The manifest a product in the folder would belong to, None where it would be the built-in one."""
    return _first_above(folder.resolve(), MANIFEST_NAME)


def product_name(spec_path: Path) -> str | None:
    """The name a floe.yaml gives its product, None if it cannot be read or says none."""
    file = _peek(spec_path)
    metadata = file.tree.get("metadata") if file else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else None


def _product_here(here: Path, manifest: Path | None) -> Location:
    if spec := _first_above(here, SPEC_NAME):
        return _location(spec, manifest)
    products = find_products(here, manifest=manifest)
    if len(products) == 1:
        return products[0]
    if products:
        names = ", ".join(_names(products))
        raise SpecError(
            Problem("FLOE-E211", f"several products here: {names}", hint="name one, as in: floe compile NAME")
        )
    raise SpecError(
        Problem("FLOE-E210", f"no {SPEC_NAME} here or above", hint="floe init, or name the product's folder")
    )


def _product_named(product: Path, here: Path, manifest: Path | None) -> Location:
    products = find_products(here, manifest=manifest)
    named = [location for location in products if product_name(location.spec_path) == str(product)]
    if len(named) == 1:
        return named[0]
    if named:
        places = ", ".join(shown(location.product_dir) for location in named)
        raise SpecError(
            Problem("FLOE-E211", f"several products named '{product}': {places}", hint="name the folder")
        )
    what = f"no {SPEC_NAME} in '{product}'" if (here / product).is_dir() else f"no product '{product}'"
    raise SpecError(Problem("FLOE-E210", what, hint=did_you_mean(str(product), _names(products))))


def _names(products: list[Location]) -> list[str]:
    return [product_name(location.spec_path) or shown(location.product_dir) for location in products]


def _location(spec_path: Path, manifest: Path | None) -> Location:
    """The product's location; its own ``platform:`` counts unless a manifest was named."""
    if manifest is not None:
        return Location(spec_path, manifest)
    named = _platform_key(spec_path)
    if named is None:
        return Location(spec_path, _first_above(spec_path.parent, MANIFEST_NAME))
    file, value = named
    at = file.at(("platform",))
    _refuse_outside(spec_path.parent, value, at)
    return Location(spec_path, _manifest_file(spec_path.parent / value, at))


def _refuse_outside(product_dir: Path, value: str, at: Position) -> None:
    """Keep ``platform:`` within the repository; where there is none it may name YAML files only."""
    path = product_dir / value
    if repository := _repository(product_dir):
        refused = None if lies_in(path, repository) else f"leads out of the repository '{shown(repository)}'"
    else:
        refused = None if path.is_dir() or path.suffix in (".yaml", ".yml") else "is no YAML file"
    if refused:
        hint = "name the folder of the platform's manifest.yaml"
        raise SpecError(Problem("FLOE-E216", f"platform: '{value}' {refused}", at, hint=hint))


def _manifest_or(spec_path: Path, default: Path) -> Path | None:
    """The manifest of a product, the default where its ``platform:`` is wrong: compiling it tells."""
    try:
        return _location(spec_path, None).manifest_path
    except SpecError:
        return default


def _manifest_file(path: Path, at: Position | None = None) -> Path:
    path = path.resolve()
    if path.is_dir():
        path /= MANIFEST_NAME
    if not _stands(path):
        raise SpecError(Problem("FLOE-E212", f"no manifest at '{shown(path)}'", at, hint="check the path"))
    return path


def _platform_key(spec_path: Path) -> tuple[YamlFile, str] | None:
    file = _peek(spec_path)
    value = file.tree.get("platform") if file else None
    if file is None or not isinstance(value, str) or path_fault(value):
        return None  # compiling it tells that, too
    return file, value


def _peek(path: Path) -> YamlFile | None:
    """What the file says; None where whoever compiles it tells what is wrong."""
    try:
        return read_here(path)
    except SpecError:
        return None


def _first_above(folder: Path, name: str) -> Path | None:
    """The nearest file of that name in the folder or above, not beyond the git root or the home."""
    home = Path(os.environ.get("HOME") or "/")
    for candidate in (folder, *folder.parents):
        if _stands(candidate / name):
            return candidate / name
        if candidate == home or (candidate / ".git").exists():
            return None
    return None


def _stands(path: Path) -> bool:
    """Whether something that claims to be a file is there; a pipe is refused when it is read."""
    return (path.exists() or path.is_symlink()) and not path.is_dir()


def _repository(folder: Path) -> Path | None:
    """The root of the git repository that the folder is part of."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def _specs_below(folder: Path, *, depth: int | None = None) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in _NOT_PRODUCTS and not name.startswith(".")
        )
        if SPEC_NAME in files:
            yield Path(root) / SPEC_NAME
        if depth is not None and len(Path(root).relative_to(folder).parts) >= depth:
            folders.clear()
