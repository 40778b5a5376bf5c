"""``floe why``: where the rows of a table come from, each step back checked."""

from __future__ import annotations

from pathlib import Path

import click

from floe_core.cli.artifact_files import ArtifactFile, Json, artifact_files, table_named
from floe_core.cli.chain import Chain, Link, State, whole_chain
from floe_core.cli.completing import tables
from floe_core.cli.options import manifest_option, product_option
from floe_core.cli.output import Output, output_option
from floe_core.cli.stores import store_of
from floe_core.errors import Problem, SpecError
from floe_core.lake import TableHistory

_MARKS: dict[State, tuple[str, str]] = {
    "verified": ("ok", "green"),
    "broken": ("BROKEN", "red"),
    "unknown": ("?", "yellow"),
}


@click.command()
@click.argument("table", metavar="TABLE[@SNAPSHOT]", shell_complete=tables)
@product_option
@manifest_option
@output_option
@click.pass_context
def command(
    context: click.Context, table: str, product: Path | None, manifest: Path | None, output: Output
) -> None:
    """Say where the rows of a table come from: run, model, artifact, commit, traces and policies.

    Every step is checked against the others: digests are computed again, the snapshot's own summary is
    read. Ends with 1 when one of them is broken; '?' is what cannot be checked here.
    """
    name, _, snapshot = table.partition("@")
    file, node = table_named(name, artifact_files(manifest), product, manifest)
    chain = _chain(file, node, snapshot or None)
    links = list(whole_chain(chain))
    identifier = f"{chain.namespace}.{chain.table}"
    output.document(
        {
            "table": identifier,
            "snapshot_id": str(chain.snapshot.snapshot_id),
            "run_id": chain.said("run-id"),
            "trace_id": chain.said("trace-id"),
            "artifact_digest": chain.said("artifact-digest"),
            "git_commit": chain.said("git-commit"),
            "model": chain.said("model"),
            "chain": [
                {
                    "link": each.link,
                    "value": each.value,
                    "verified": each.state == "verified",
                    "state": each.state,
                    "note": each.note,
                }
                for each in links
            ],
        }
    )
    output.line(click.style(identifier, bold=True))
    for each in links:
        output.line(_line(each))
    if any(each.state == "broken" for each in links):
        context.exit(1)


def _chain(file: ArtifactFile, node: Json, snapshot: str | None) -> Chain:
    store = store_of(file.location)
    assert store is not None  # its artifact has been read
    namespace, table = node["namespace"], node["table"]
    platform, state_dir = store.platform, file.location.state_dir
    history = platform.catalog.history(platform.storage, state_dir, namespace, table)
    if history is None or history.current is None:
        raise SpecError(Problem("FLOE-E019", f"'{namespace}.{table}' is not published yet", hint="floe run"))
    wanted = _snapshot_id(history, snapshot, f"{namespace}.{table}")
    found = history.find(wanted)
    assert found is not None  # it is the current one, or was found just now
    return Chain(namespace, table, found, history, state_dir, file.location.product_dir)


def _snapshot_id(history: TableHistory, asked: str | None, identifier: str) -> int:
    assert history.current is not None  # the caller has looked
    if asked is None:
        return history.current
    ids = [str(each.snapshot_id) for each in history.snapshots]
    if asked not in ids:
        newest = ", ".join(reversed(ids[-6:]))
        raise SpecError(
            Problem("FLOE-E020", f"'{identifier}' has no snapshot '{asked}'", hint=f"it has {newest}")
        )
    return int(asked)


def _line(link: Link) -> str:
    mark, colour = _MARKS[link.state]
    said = "  ".join(part for part in (link.value, link.note) if part)
    return f"  {click.style(f'{mark:<6}', fg=colour)}  {link.link:<9} {said}".rstrip()
