"""Seeds: CSV files, read as dbt-duckdb reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from floe_compute_duckdb.names import literal, quoted


class SeedProblem(NamedTuple):
    """What is wrong with a seed's file; the line counts from 1, ``column`` is the name of one."""

    message: str
    line: int
    column: str | None


def seed_select(path: str, columns: Sequence[tuple[str, str]], delimiter: str) -> str:
    """Columns are taken by position, as COPY takes them; quotes are what dbt's own inference assumes."""
    types = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in columns)
    return (
        f"select * from read_csv({literal(path)}, header = true, delim = {literal(delimiter)},"
        f""" quote = '"', escape = '"', comment = '', columns = {{{types}}})"""
    )


def check(path: str, columns: Sequence[tuple[str, str]], delimiter: str) -> SeedProblem | None:
    """Read every value once and keep none."""
    if not columns:
        return SeedProblem("the file has no header", 1, None)
    counts = ", ".join(f"count({quoted(name)})" for name, _ in columns)
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"select {counts} from ({seed_select(path, columns, delimiter)})").fetchall()
    except duckdb.Error as error:
        return _problem(str(error))
    return None


def _problem(text: str) -> SeedProblem:
    line = re.search(r"CSV Error on Line: (\d+)", text)
    kept = [part for part in text.split("\n\n")[0].splitlines() if not part.startswith(_NOISE)]
    message = " ".join(part.strip() for part in kept) or text.splitlines()[0]
    column = re.search(r'Error when converting column "([^"]+)"', text)
    return SeedProblem(
        message.removeprefix("Invalid Input Error: "),
        int(line[1]) if line else 1,
        column[1] if column else None,
    )


_NOISE = (
    "CSV Error on Line",
    "Invalid Input Error: CSV Error on Line",
    "Original Line:",
    "Possible fixes",
    "*",
)
