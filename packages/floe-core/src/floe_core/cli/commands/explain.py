"""``floe explain``: what an error code means, and how to mend what it tells."""

from __future__ import annotations

from dataclasses import asdict

import click

from floe_core.cli.explanations import explanation, explanations
from floe_core.cli.output import Output, output_option
from floe_core.cli.table import table


@click.command()
@click.argument("code", required=False)
@output_option
def command(code: str | None, output: Output) -> None:
    """Say what CODE means, with an example and how to mend it; without CODE list them all.

    CODE stands in front of each message, as in FLOE-E204; E204 or 204 will do.
    """
    if code is None:
        found = explanations()
        output.document({"codes": [{"code": each.code, "title": each.title} for each in found]})
        output.line(table(["code", "what is wrong"], [[each.code, each.title] for each in found]))
        return
    page = explanation(code)
    output.document(asdict(page))
    output.line(page.text.rstrip("\n"))
