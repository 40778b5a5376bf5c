"""What ``floe plan`` says of one product, in lines and as a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click

from floe_core.cli.github import cell
from floe_core.cli.maintaining import size
from floe_core.cli.outcome import short
from floe_core.cli.output import counted, timestamp
from floe_core.compatibility import described, not_asked, read_by
from floe_core.errors import Problem
from floe_core.lake import PublishedTable
from floe_core.preview import ColumnChange, Preview, Work, WorkState
from floe_core.schemas.artifacts import Transform

SIGNS: dict[WorkState, str] = {"new": "+", "changed": "~", "unchanged": "="}
_COLOURS: dict[WorkState, str] = {"new": "green", "changed": "yellow"}
_BY_DBT = "an incremental model: as its on_schema_change says, all of it with --full-refresh"

_INLINED = "an inlined view: no table is written, what reads it has its query inlined"


def plan_lines(preview: Preview, problems: Sequence[Problem]) -> Iterator[str]:
    """The whole plan: what is unchanged is counted only."""
    yield head_line(preview)
    told = [work for work in preview.works if work.state != "unchanged"]
    names = [*(work.node.name for work in told), *(table.name for table in preview.removed)]
    width = max(map(len, names), default=0)
    for work in told:
        sign = click.style(SIGNS[work.state], fg=_COLOURS[work.state])
        yield f"  {sign} {work.node.name:<{width}}  {'; '.join(_why(work))}"
        for detail in details(work):
            yield f"      {detail}"
    for table in preview.removed:
        yield f"  {click.style('-', fg='red')} {table.name:<{width}}  {removed_words(table)}"
    yield from breaking_lines(preview)
    yield policy_line(preview, problems)


def head_line(preview: Preview) -> str:
    states = Counter(work.state for work in preview.works)
    counts = ", ".join(f"{states[state]} {state}" for state in SIGNS)
    removed = f", {len(preview.removed)} removed" if preview.removed else ""
    run = preview.last_run
    last = "nothing published yet"
    if run and run.ended_at:
        last = f"last published by run {short(run.run_id)}, {timestamp(run.ended_at)}"
    name = click.style(preview.artifacts.metadata.product_name, bold=True)
    return f"{name}: {counts}{removed}; {last}"


def details(work: Work) -> Iterator[str]:
    """What becomes of the table, a line for each thing."""
    if isinstance(work.node, Transform) and not work.node.stored and work.node.materialized == "view":
        yield _INLINED
    for change in work.columns:
        yield _column(change)
    if work.columns and isinstance(work.node, Transform) and work.node.materialized == "incremental":
        yield _BY_DBT
    if work.partitions:
        before, after = (", ".join(terms) or "none" for terms in work.partitions)
        yield f"partitions: {before} → {after}, for rows that are written from then on"


def _why(work: Work) -> Iterator[str]:
    """The reasons, and what its table holds; of a new one what it will have."""
    if work.state == "new":
        yield f"new, {_columns(work)}"
    yield from work.reasons
    if work.table is not None:
        rows = work.build.model.rows if work.build else None
        yield f"{counted(work.table.rows if rows is None else rows, 'row')}, {size(work.table.size)}"


def _columns(work: Work) -> str:
    columns = work.node.columns
    return counted(len(columns), "column") if columns else "its columns show in the run"


def removed_words(table: PublishedTable) -> str:
    return f"no model or seed writes it any more: its table stays, {counted(table.rows, 'row')}"


def breaking_lines(preview: Preview) -> Iterator[str]:
    difference = preview.difference
    if difference is None or not difference.asks_readers:
        return
    if difference.breaking:
        yield "breaks those who read what is published:"
    for change in difference.breaking:
        yield f"  {described(change)}; {read_by(change.readers, difference.uncompiled)}"
    if difference.uncompiled:
        yield not_asked(difference.uncompiled)


def policy_line(preview: Preview, problems: Sequence[Problem]) -> str:
    result = preview.artifacts.enforcement_result
    warnings = counted(len(problems), "warning")
    shown = ", shown by: floe compile --verbose" if problems else ""
    return f"policy: {warnings} at level {result.enforcement_level}{shown}"


def plan_markdown(preview: Preview) -> list[str]:
    """The same for a page: what is unchanged is counted only."""
    told = [work for work in preview.works if work.state != "unchanged"]
    lines = ["", click.unstyle(head_line(preview)), ""]
    if told or preview.removed:
        lines += [
            "| | model | why | what becomes of its table | rows | size |",
            "| --- | --- | --- | --- | ---: | ---: |",
        ]
    for work in told:
        rows, bytes_ = (f"{work.table.rows:,}", size(work.table.size)) if work.table else ("", "")
        why = cell("; ".join(work.reasons))
        what = _columns(work) if work.state == "new" else "<br>".join(map(cell, details(work)))
        lines.append(f"| {work.state} | `{work.node.name}` | {why} | {what} | {rows} | {bytes_} |")
    for table in preview.removed:
        lines.append(
            f"| removed | `{table.name}` | | its table stays | {table.rows:,} | {size(table.size)} |"
        )
    breaking = [cell(line) for line in breaking_lines(preview)]
    return [*lines, "", *breaking[:1], *(f"- {line}" for line in breaking[1:])]


def plan_item(preview: Preview) -> dict[str, Any]:
    run = preview.last_run
    result = preview.artifacts.enforcement_result
    return {
        "product": preview.artifacts.metadata.product_name,
        "environment": preview.environment,
        "artifact_digest": preview.artifacts.digest,
        "work": preview.has_work,
        "last_run": {"run_id": run.run_id, "ended_at": run.ended_at} if run else None,
        "models": [_work_item(work) for work in preview.works],
        "removed": [_removed_item(table) for table in preview.removed],
        "breaking": [
            {
                "kind": change.kind,
                "table": change.table,
                "column": change.column,
                "before": change.before,
                "after": change.after,
                "readers": [str(reader) for reader in change.readers],
            }
            for change in (preview.difference.breaking if preview.difference else ())
        ],
        "policy": result.model_dump(),
    }


def _work_item(work: Work) -> dict[str, Any]:
    before, after = work.partitions or (None, None)
    return {
        "name": work.node.name,
        "unique_id": work.node.unique_id,
        "kind": "model" if isinstance(work.node, Transform) else "seed",
        "state": work.state,
        "reasons": list(work.reasons),
        "columns": [
            {"change": each.kind, "name": each.name, "before": each.before, "after": each.after}
            for each in work.columns
        ],
        "partition_by": {"before": before, "after": after} if work.partitions else None,
        "snapshot_id": str(work.table.snapshot_id) if work.table else None,
        "rows": work.table.rows if work.table else None,
        "bytes": work.table.size if work.table else None,
        "last_run_id": work.build.run.run_id if work.build else None,
        "last_run_rows": work.build.model.rows if work.build else None,
    }


def _removed_item(table: PublishedTable) -> dict[str, Any]:
    return {
        "namespace": table.namespace,
        "name": table.name,
        "snapshot_id": str(table.snapshot_id),
        "rows": table.rows,
        "bytes": table.size,
    }


def _column(change: ColumnChange) -> str:
    if change.kind == "retyped":
        return f"column {change.name}: {change.before} → {change.after}"
    sign, type_ = ("+", change.after) if change.kind == "added" else ("-", change.before)
    return f"{sign} column {change.name}: {type_}"
