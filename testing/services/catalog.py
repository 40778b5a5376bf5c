"""Iceberg's reference REST catalog: a catalog of its own for each name asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.services.process import free_port, listens, served
from testing.services.store import BUCKET, KEY, SECRET, Store
from testing.services.tools import catalog_command


@dataclass(frozen=True)
class RestServer:
    port: int

    def uri(self, name: str, port: int | None = None) -> str:
        """The address of the catalog of the name, at another port if that leads there."""
        return f"http://127.0.0.1:{port or self.port}/{name}"


@contextmanager
def rest_server(home: Path, store: Store) -> Iterator[RestServer]:
    port = free_port()
    (home / "catalogs").mkdir()
    properties = {
        "uri": f"jdbc:sqlite:{home}/catalogs/{{}}.db?busy_timeout=60000&journal_mode=WAL",
        "jdbc.schema-version": "V1",
        "warehouse": f"s3://{BUCKET}/{{}}",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "s3.endpoint": store.endpoint,
        "s3.path-style-access": "true",
        "s3.access-key-id": KEY,
        "s3.secret-access-key": SECRET,
        "client.region": "us-east-1",
    }
    command = [*catalog_command(), str(port), *(f"{key}={value}" for key, value in properties.items())]
    with served(command, home / "catalog.log", lambda: listens(port)):
        yield RestServer(port)
