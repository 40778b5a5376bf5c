"""A workflow for GitHub Actions that compiles and plans what stands in a folder."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from floe_core.cli.templates import contents, template
from floe_core.errors import Problem, SpecError, shown
from floe_core.location import find_products

Files = dict[PurePosixPath, bytes]


def repository_of(folder: Path) -> Path:
    """The top of the git repository, where GitHub looks for workflows; else the folder itself."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def workflow_files(folder: Path) -> Files:
    """The workflow, by its path in the repository; raises SpecError where there is no product."""
    products = find_products(folder)
    if not products:
        raise SpecError(
            Problem("FLOE-E210", f"no product in '{shown(folder)}' or below", hint="floe init, then this")
        )
    replaced = {
        "__floe_folder__": os.path.relpath(folder, repository_of(folder)).replace(os.sep, "/"),
        "__floe_version__": version("floe-core"),
        "__floe_compile__": "floe compile" if len(products) == 1 else "floe platform compile",
    }
    return {path: _replaced(content, replaced) for path, content in contents(template("github"))}


def _replaced(content: bytes, replaced: dict[str, str]) -> bytes:
    text = content.decode()
    for placeholder, value in replaced.items():
        text = text.replace(placeholder, value)
    return text.encode()
