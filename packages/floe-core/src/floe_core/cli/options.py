"""The arguments that commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from floe_core.cli.completing import completing, products

Function = TypeVar("Function", bound=Callable[..., Any])


def product_argument(command: Function) -> Function:
    """Add ``[PRODUCT]``: a folder, a floe.yaml or a name; None means the one that is here."""
    return click.argument(
        "product", required=False, type=click.Path(path_type=Path), shell_complete=completing(products)
    )(command)


def product_option(command: Function) -> Function:
    """Add ``--product``, for a command whose argument is something else."""
    return click.option(
        "--product",
        metavar="PRODUCT",
        type=click.Path(path_type=Path),
        shell_complete=completing(products),
        help="A product's name, its folder or its floe.yaml; by default the one here.",
    )(command)


def manifest_option(command: Function) -> Function:
    return click.option(
        "--manifest",
        type=click.Path(path_type=Path),
        help="The platform's manifest.yaml; by default the nearest one here or above.",
    )(command)
