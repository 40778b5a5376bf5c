"""The program ``floe``: which commands there are, each imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from floe_core.cli.door import pass_through
from floe_core.cli.output import colours_unwanted
from floe_core.errors import Problem, SpecError
from floe_core.suggestion import did_you_mean

COMMANDS = {
    "init": "Start a new product, or make a dbt project one.",
    "compile": "Compile a product: check everything, write what a run needs.",
    "diff": "Compare two compiled artifacts: what changed, and who breaks.",
    "plan": "Say what a run would do now: models, tables, columns, who breaks.",
    "run": "Run a product: all of its tables are published, or none.",
    "retry": "Run what a failed run left undone.",
    "query": "Read the published tables with SQL.",
    "runs": "List what ran, the newest first.",
    "status": "Say where the products and their tables stand.",
    "why": "Say where a table's rows come from, each step checked.",
    "trace": "Show what a run did and how long each part took.",
    "lineage": "Show which tables and columns a table comes from.",
    "maintain": "Delete old rows, expire snapshots, remove files nobody needs.",
    "dev": "Serve the UI and the daemon over every product here.",
    "demo": "Run the demo products end to end and open the UI on them.",
    "platform": "What a platform team does, over all products.",
    "doctor": "Say what is fine here, and what mends the rest.",
    "plugins": "List the plugins installed here, and check them.",
    "policy": "Test the platform team's own policies.",
    "explain": "Say what an error code means and how to mend it.",
    "completion": "Print what makes a shell complete words.",
    "schema": "Export JSON Schemas for editors.",
}
"""Each command with its help in one line; ``floe_core.cli.commands.NAME`` holds it as ``command``."""


class Program(click.Group):
    """A group that knows its commands by name and one-line help, without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"floe_core.cli.commands.{cmd_name}").command
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = args[0] in COMMANDS or args[0].startswith("-")
        if not known and not ctx.resilient_parsing:  # a shell that completes asks before all is typed
            hint = did_you_mean(args[0], COMMANDS)
            raise SpecError(Problem("FLOE-E001", f"no command '{args[0]}'", hint=hint))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so; none of them is imported."""
        options = click.Command.shell_complete(self, ctx, incomplete)
        fits = (
            CompletionItem(name, help=told) for name, told in COMMANDS.items() if name.startswith(incomplete)
        )
        return [*fits, *options]

    def main(  # type: ignore[override]  # it never returns, and takes no settings but these
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **_: Any
    ) -> NoReturn:
        arguments = list(sys.argv[1:] if args is None else args)
        name = "floe"
        self._main_shell_completion({}, name)
        sys.exit(pass_through(lambda: self._call(name, arguments), arguments))

    def _call(self, name: str, arguments: list[str]) -> None:
        colour = False if colours_unwanted() else None  # None leaves it to click: on terminals only
        with self.make_context(name, arguments, color=colour) as context:
            self.invoke(context)


def _say_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"floe {version('floe-core')}")
        context.exit()


@click.group(cls=Program, no_args_is_help=False, invoke_without_command=True)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Say the version.",
)
@click.pass_context
def program(context: click.Context) -> None:
    """From a dbt project and two YAML files to published Iceberg tables."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
