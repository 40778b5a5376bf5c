"""What DuckDB needs to read and write in an S3 store: the extension, limits of time, and secrets."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
from pyiceberg.io import (
    AWS_ACCESS_KEY_ID,
    AWS_REGION,
    AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN,
    S3_ACCESS_KEY_ID,
    S3_ENDPOINT,
    S3_FORCE_VIRTUAL_ADDRESSING,
    S3_REGION,
    S3_REQUEST_TIMEOUT,
    S3_SECRET_ACCESS_KEY,
    S3_SESSION_TOKEN,
)

from floe_core.errors import PluginError, Problem, ServiceError
from floe_iceberg.rights import Rights
from floe_iceberg.sql import identifier, literal

_PREFIX = "floe_"
_WHEEL = "duckdb_extension_httpfs"
_RETRIES = 2
_CHANGING = threading.Lock()


def needs_access(properties: Mapping[str, str]) -> bool:
    """Whether tables of a catalog with these properties lie in an S3 store."""
    return S3_ENDPOINT in properties or properties.get("warehouse", "").startswith("s3")


def authorize(
    con: duckdb.DuckDBPyConnection, own: Mapping[str, str], lent: Callable[[], Iterable[Rights]]
) -> None:
    """Let the connection at the store: with the catalog's own rights, and where it has lent some, with these.

    Without a secret for the whole endpoint DuckDB would ask the public cloud for what lies outside of all
    locations. Secrets that are there already are left alone.
    """
    # threads share DuckDB's secrets: two may not make the same one, nor one drop what another has just been
    # lent; and outside of any transaction of the caller's everybody sees them at once
    with _CHANGING, con.cursor() as cursor:
        _load(cursor, own)
        wanted = dict(_secrets(own, lent()))
        found = cursor.execute(
            f"SELECT name FROM duckdb_secrets() WHERE starts_with(name, '{_PREFIX}')"
        ).fetchall()
        there = {name for (name,) in found}
        for name in wanted.keys() - there:
            _create(cursor, name, wanted[name])
        for name in there - wanted.keys():
            cursor.execute(f"DROP SECRET {identifier(name)}")


def _load(con: duckdb.DuckDBPyConnection, own: Mapping[str, str]) -> None:
    loaded = con.execute("SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'httpfs'").fetchone()
    if loaded and loaded[0]:
        return
    con.execute("SET GLOBAL autoinstall_known_extensions = false")
    con.execute("SET GLOBAL autoload_known_extensions = false")
    con.load_extension(str(_extension()))
    timeout_s = max(1, round(float(own.get(S3_REQUEST_TIMEOUT, "30"))))
    con.execute(f"SET GLOBAL http_timeout = {timeout_s}")
    con.execute(f"SET GLOBAL http_retries = {_RETRIES}")
    con.execute("SET GLOBAL s3_url_compatibility_mode = true")  # keys are no patterns


def _extension() -> Path:
    """The file in the wheel: nothing is fetched at run time."""
    wheel = find_spec(_WHEEL)
    version = duckdb.__version__
    for place in wheel.submodule_search_locations or () if wheel else ():
        path = Path(place) / "extensions" / f"v{version}" / "httpfs.duckdb_extension"
        if path.exists():
            return path
    raise PluginError(
        Problem(
            "FLOE-E232",
            f"tables in an S3 store need DuckDB's extension 'httpfs' for its version {version}",
            hint=f"pip install duckdb-extension-httpfs=={version}",
        )
    )


def _secrets(own: Mapping[str, str], lent: Iterable[Rights]) -> Iterable[tuple[str, str]]:
    yield _secret(own, None)
    for rights in lent:
        yield _secret(rights.properties(), rights.location)


def _secret(properties: Mapping[str, str], location: str | None) -> tuple[str, str]:
    """A secret's name, which tells from another one of the same place, and its options."""
    endpoint = urlsplit(properties.get(S3_ENDPOINT, ""))
    virtual = properties.get(S3_FORCE_VIRTUAL_ADDRESSING, "false").lower() == "true"
    options = {
        "KEY_ID": _first(properties, S3_ACCESS_KEY_ID, AWS_ACCESS_KEY_ID),
        "SECRET": _first(properties, S3_SECRET_ACCESS_KEY, AWS_SECRET_ACCESS_KEY),
        "SESSION_TOKEN": _first(properties, S3_SESSION_TOKEN, AWS_SESSION_TOKEN),
        "REGION": _first(properties, S3_REGION, AWS_REGION) or "us-east-1",
    }
    if endpoint.netloc:
        options["ENDPOINT"] = endpoint.netloc + endpoint.path.rstrip("/")
        options["URL_STYLE"] = "vhost" if virtual else "path"
        options["USE_SSL"] = "false" if endpoint.scheme == "http" else "true"
    if location is not None:
        options["SCOPE"] = f"{location.rstrip('/')}/"
    text = ", ".join(f"{key} {literal(value)}" for key, value in options.items())
    return f"{_PREFIX}{hashlib.sha256(text.encode()).hexdigest()[:24]}", text


def _first(properties: Mapping[str, str], *names: str) -> str:
    return next((properties[name] for name in names if properties.get(name)), "")


def _create(con: duckdb.DuckDBPyConnection, name: str, options: str) -> None:
    try:
        con.execute(f"CREATE OR REPLACE SECRET {identifier(name)} (TYPE s3, {options})")
    except duckdb.Error:
        raise ServiceError(  # what DuckDB says would quote the statement, and with it the credentials
            Problem("FLOE-E624", "DuckDB does not take the credentials of the store", hint="check their form")
        ) from None
