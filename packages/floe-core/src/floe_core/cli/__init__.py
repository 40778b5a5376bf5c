"""The command line. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from typing import NoReturn

from floe_core.cli.program import program


def main() -> NoReturn:
    """Run the command line and leave with its exit status."""
    program.main()


__all__ = ["main", "program"]
