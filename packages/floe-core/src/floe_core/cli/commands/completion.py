"""``floe completion``: what makes a shell complete commands, products, models, runs and tables."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from floe_core.cli.output import Output, output_option

_VARIABLE = "_FLOE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@output_option
@click.pass_context
def command(context: click.Context, shell: str, output: Output) -> None:
    """Print the script with which SHELL completes commands, products, models, runs and tables.

    \b
    bash, in ~/.bashrc:  eval "$(floe completion bash)"
    zsh, in ~/.zshrc:    eval "$(floe completion zsh)"
    fish:  floe completion fish > ~/.config/fish/completions/floe.fish
    """
    kind = get_completion_class(shell)
    assert kind  # click knows the three of them
    script = kind(context.find_root().command, {}, "floe", _VARIABLE).source()
    output.document({"shell": shell, "script": script})
    output.line(script.rstrip("\n"))
