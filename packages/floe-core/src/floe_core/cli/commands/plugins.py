"""``floe plugins``: what is installed."""

from __future__ import annotations

import click

from floe_core.cli.output import Output, output_option
from floe_core.cli.table import table
from floe_core.plugins import PluginRegistry


@click.group()
def command() -> None:
    """Look at the plugins installed here."""


@command.command("list")
@output_option
def list_plugins(output: Output) -> None:
    """List the plugins by type; imports none of them."""
    found = [
        {
            "type": plugin_type.value,
            "name": provider.name,
            "distribution": provider.distribution,
            "version": provider.version,
        }
        for plugin_type, named in PluginRegistry().discover_all().items()
        for providers in named.values()
        for provider in providers
    ]
    output.document({"plugins": found})
    if found:
        output.line(table(list(found[0]), [list(plugin.values()) for plugin in found]))
    else:
        output.line("no plugins are installed here: pip install floe")
