"""Names of tables: as SQL writes them, and as the lake's namespaces write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import duckdb


def sql_name(namespace: str) -> str:
    """The namespace as SQL writes it without quotes: ``customer-360`` is ``customer_360``."""
    return re.sub(r"\W", "_", namespace)


def namespace_of(schema: str, *, product: str, namespaces: Iterable[str] = ()) -> str:
    """The namespace a schema stands for: the product's own, then any that is spelled alike.

    What begins like the product's may be another product's: ``shop_floor`` is that of ``shop-floor``.
    """
    own = sql_name(product).lower()
    if product and schema.lower() == own:
        return product
    ours = product + schema[len(own) :] if product and schema.lower().startswith(own + "_") else schema
    there = [name for name in namespaces if sql_name(name).lower() == schema.lower()]
    return ours if ours in there or not there else there[0]


def quoted(identifier: str) -> str:
    """The identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


def missing_table(message: str) -> str | None:
    """The table that DuckDB says is not there, in lower case, as it writes it."""
    for before, after in (("Table with name ", " does not exist"), ('Table with name "', '" does not exist')):
        if before in message and after in message:
            name = message.split(before, 1)[1].split(after, 1)[0]
            return name.strip('"').lower()
    return None


def last_part(dotted: str) -> str:
    """What follows the last dot of a name."""
    return dotted.rpartition(".")[2].strip('"')


def mentioned_paths(sql: str) -> set[tuple[str, ...]]:
    """Every dotted name in the text, as DuckDB's own lexer cuts it; column names are among them.

    Works on any statement: DuckDB's get_table_names binds what it reads, so it refuses joins with
    USING, INSERT and CREATE VIEW, and its serialised parse tree covers SELECT only.
    """
    return {tuple(path) for path in _paths(sql)}


def _paths(sql: str) -> Iterator[list[str]]:
    path: list[str] = []
    dotted = False
    for token in _tokens(sql):
        if token == ".":
            dotted = True
            continue
        name = _identifier(token)
        if name is not None and dotted and path:
            path.append(name)
        else:
            if path:
                yield path
            path = [name] if name is not None else []
        dotted = False
    if path:
        yield path


def _tokens(sql: str) -> Iterator[str]:
    data = sql.encode()  # offsets count bytes
    cut = duckdb.tokenize(sql)
    starts = [offset for offset, _ in cut] + [len(data)]
    for (start, kind), end in zip(cut, starts[1:], strict=True):
        if kind != duckdb.token_type.comment:
            yield from _split(data[start:end].decode().strip())


def _split(token: str) -> list[str]:
    """A token's text reaches to the next token, so a comment between two may hang on it."""
    if token.startswith(('"', "'")):
        return [token]
    return re.findall(r"^[^\s/-]+", token) or [token]


def _identifier(token: str) -> str | None:
    if token.startswith('"'):
        return token[1 : token.rindex('"')].replace('""', '"') if token.count('"') > 1 else None
    return token if re.fullmatch(r"[^\W\d][\w$]*", token) else None
