"""``floe plugins``: what is installed, and whether it is what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from floe_core.cli.output import Output, output_option
from floe_core.cli.problems import problems_document, show_problems
from floe_core.cli.table import table
from floe_core.plugins import PluginRegistry, PluginType, Provider
from floe_core.plugins.conformance import check_plugins, unknown_groups


@click.group()
def command() -> None:
    """Look at the plugins installed here."""


@command.command("list")
@output_option
def list_plugins(output: Output) -> None:
    """List the plugins by type; imports none of them."""
    found = [
        _item(plugin_type, provider)
        for plugin_type, named in PluginRegistry().discover_all().items()
        for providers in named.values()
        for provider in providers
    ]
    output.document({"plugins": found})
    _tell(output, found)


@command.command("check")
@output_option
@click.pass_context
def check(context: click.Context, output: Output) -> None:
    """Load every plugin and hold it against its type: methods, metadata, plugin API, settings.

    Entry points that no type looks for are told too.
    """
    checked = check_plugins(PluginRegistry())
    # of one name from two distributions each says the same
    told = dict.fromkeys(problem for each in checked for problem in each.problems)
    problems = [*told, *unknown_groups()]
    found = [
        {**_item(each.plugin_type, each.provider), "state": "wrong" if each.problems else "ok"}
        for each in checked
    ]
    output.document({"plugins": found, **problems_document(problems)})
    _tell(output, found)
    show_problems(output, problems)
    if problems:
        context.exit(1)


def _item(plugin_type: PluginType, provider: Provider) -> dict[str, Any]:
    return {
        "type": plugin_type.value,
        "name": provider.name,
        "distribution": provider.distribution,
        "version": provider.version,
    }


def _tell(output: Output, found: Sequence[dict[str, Any]]) -> None:
    if found:
        output.line(table(list(found[0]), [list(plugin.values()) for plugin in found]))
    else:
        output.line("no plugins are installed here: pip install floe")
