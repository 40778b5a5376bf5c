"""``floe diff``: what became of a product's tables, who breaks, and the version it calls for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from floe_core.cli.options import manifest_option
from floe_core.cli.output import Output, output_option
from floe_core.compatibility import Change, Difference, described, nobody, not_asked, read_by
from floe_core.compilation.release import compare_here, read_artifacts, same_product
from floe_core.compiler import load_artifacts
from floe_core.location import locate
from floe_core.schemas.artifacts import CompiledArtifacts

_BREAKING = 1


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@manifest_option
@output_option
def command(before: Path, after: Path, manifest: Path | None, output: Output) -> None:
    """Compare two compiled artifacts of a product.

    BEFORE and AFTER are files, or folders of compiled products. Ends with 1 if a change breaks readers;
    these are looked for in the compiled products of the platform here.
    """
    old, new = _artifacts(before, manifest), _artifacts(after, manifest)
    same_product(old, new)
    difference = compare_here(old, new, Path.cwd(), manifest)
    _tell(difference, output)
    output.document(_document(difference))
    if difference.breaking:
        raise click.exceptions.Exit(_BREAKING)


def _artifacts(path: Path, manifest: Path | None) -> CompiledArtifacts:
    """Of a folder what its files are now: what was compiled before they changed would say nothing of them."""
    return load_artifacts(locate(path, manifest=manifest)) if path.is_dir() else read_artifacts(path)


def _tell(difference: Difference, output: Output) -> None:
    before, after = difference.before.metadata, difference.after.metadata
    output.line(f"{after.product_name}: {before.product_version} → {after.product_version}")
    for title, changes in _groups(difference):
        output.line(f"{title}:")
        for change in changes:
            output.line(f"  {described(change)}")
            for more in _more(change, difference.uncompiled):
                output.line(f"    {more}")
    if difference.asks_readers and difference.uncompiled:
        output.line(not_asked(difference.uncompiled))
    if difference.bump == "none":
        output.line("no difference")
    else:
        version = f", {difference.version}" if difference.version else ""
        output.line(f"calls for a {difference.bump} version{version}")


def _groups(difference: Difference) -> list[tuple[str, list[Change]]]:
    compatible = [change for change in difference.changes if change.compatible]
    groups = [("breaking", list(difference.breaking)), ("compatible", compatible)]
    return [(title, changes) for title, changes in groups if changes]


def _more(change: Change, uncompiled: Sequence[str]) -> list[str]:
    lines = []
    if change.became:
        lines.append(f"is '{change.became}' its new name?")
    if change.verdict == "breaking":
        lines.append(read_by(change.readers, uncompiled))
    elif change.verdict == "deprecated":
        lines.append(f"it was deprecated, and {nobody(uncompiled)} reads it")
    elif change.verdict == "internal" and change.kind != "column_moved":
        lines.append("no other product may read it")
    return lines


def _document(difference: Difference) -> dict[str, Any]:
    return {
        "product": difference.after.metadata.product_name,
        "before": _identity(difference.before.metadata.product_version, difference.before.digest),
        "after": _identity(difference.after.metadata.product_version, difference.after.digest),
        "compatible": not difference.breaking,
        "bump": difference.bump,
        "version": difference.version,
        "changes": [_item(change) for change in difference.changes],
        "uncompiled": list(difference.uncompiled),
    }


def _identity(version: str, digest: str) -> dict[str, str]:
    return {"version": version, "digest": digest}


def _item(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "verdict": change.verdict,
        "dataset": change.dataset,
        "table": change.table,
        "column": change.column,
        "before": change.before,
        "after": change.after,
        "became": change.became,
        "readers": [
            {"product": reader.product, "model": reader.model, "columns": list(reader.columns)}
            for reader in change.readers
        ],
    }
