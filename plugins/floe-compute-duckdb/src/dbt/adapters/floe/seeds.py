"""Seeds: CSV files, read as dbt-duckdb reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from floe_compute_duckdb.names import literal, quoted


class SeedProblem(NamedTuple):
    """What is wrong with a seed's file; the line counts from 1."""

    message: str
    line: int


_EXCERPTS = ("Original Line:", "Invalid Input Error: CSV Error", "Conversion Error: CSV Error")


def seed_select(path: str, columns: Sequence[tuple[str, str]], delimiter: str) -> str:
    """Columns are taken by position, as COPY takes them; quotes are what dbt's own inference assumes."""
    types = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in columns)
    return (
        f"select * from read_csv({literal(path)}, header = true, delim = {literal(delimiter)},"
        f""" quote = '"', escape = '"', comment = '', columns = {{{types}}})"""
    )


def misnamed(columns: Sequence[tuple[str, str]]) -> str | None:
    """What is wrong with names that SQL is to have without quotes; a wrong delimiter makes such names."""
    try:
        duckdb.extract_statements(f"create table seed ({', '.join(map(' '.join, columns))})")
    except duckdb.ParserException as error:
        return str(error).splitlines()[0]
    return None


def check(path: str, columns: Sequence[tuple[str, str]], delimiter: str) -> SeedProblem | None:
    """Read every value once and keep none."""
    if not columns:
        return SeedProblem("the file has no header", 1)
    counts = ", ".join(f"count({quoted(name)})" for name, _ in columns)
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"select {counts} from ({seed_select(path, columns, delimiter)})").fetchall()
    except duckdb.Error as error:
        return _problem(str(error))
    return None


def _problem(text: str) -> SeedProblem:
    line = re.search(r"CSV Error on Line: (\d+)", text)
    value = re.search(r'Error when converting column "([^"]+)"\. (.*)', text)
    if value:
        message = f'column "{value[1]}": {value[2][:1].lower()}{value[2][1:]}'
    else:
        told = [part.strip() for part in text.splitlines() if part.strip()]
        message = next((part for part in told if not part.startswith(_EXCERPTS)), told[0])
    return SeedProblem(message, int(line[1]) if line else 1)
