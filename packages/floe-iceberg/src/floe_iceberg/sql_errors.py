"""What a SQL catalog's database fails of, told in floe's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from floe_core.errors import Problem, ServiceError
from floe_iceberg.durable import cannot_store

_DISK_ERRORS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


@contextmanager
def asking(name: str, url: URL) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        database = sqlite_file(url)
        if database and is_of_the_disk(error):
            raise cannot_store(str(database), reason(error)) from error
        if database and _code(error) == sqlite3.SQLITE_CORRUPT:
            raise _damaged(database, error) from error
        told = f"the catalog '{name}' does not answer as a catalog: {reason(error)}"
        raise ServiceError(Problem("FLOE-E602", told)) from error


def sqlite_file(url: URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def is_of_the_disk(error: BaseException | None) -> bool:
    """Whether SQLite could not read or write its files."""
    return _code(error) in _DISK_ERRORS


def _code(error: BaseException | None) -> int:
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = cause.sqlite_errorcode if isinstance(cause, sqlite3.Error) else 0
    return code & 0xFF  # the rest of it says which call failed


def _damaged(database: Path, error: SQLAlchemyError) -> ServiceError:
    """Also what SQLite makes of a disk that fails while it reads."""
    told = f"the catalog's database '{database}' cannot be read: {reason(error)}"
    hint = "see to the disk; if that is well, bring the file back from a backup"
    return ServiceError(Problem("FLOE-E607", told, hint=hint))


def reason(error: SQLAlchemyError) -> str:
    """The driver's first line: what follows may quote the statement."""
    told = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return told.splitlines()[0] if told else type(error).__name__
