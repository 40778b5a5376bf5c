"""A REST catalog in this process, for tests that have no second to lose: tables in memory, files on disk.

It answers what floe asks and no more, as the reference catalog does, and makes a transaction one table after
the other, as that does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableRequest
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import update_table_metadata

from testing.services.loopback import LoopbackServer

Reply = tuple[int, dict[str, Any] | None]


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class SmallCatalog:
    """``between`` is called between the tables of a transaction: what it raises ends the catalog there."""

    folder: Path
    tables: dict[tuple[str, str], tuple[TableMetadata, int]] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    between: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = LoopbackServer(handler)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def reply(self, method: str, path: str, body: dict[str, Any]) -> Reply:
        with self._lock:
            try:
                return self._routed(method, [unquote(part) for part in path.strip("/").split("/")], body)
            except _Refused as error:
                said = {"message": str(error), "type": "Refused", "code": error.status}
                return error.status, {"error": said}

    def _routed(self, method: str, parts: list[str], body: dict[str, Any]) -> Reply:
        match method, parts:
            case "GET", ["v1", "config"]:
                return 200, {"defaults": {}, "overrides": {"namespace-separator": "%2E"}}
            case "GET", ["v1", "namespaces"]:
                return 200, {"namespaces": [name.split(".") for name in sorted(self.namespaces)]}
            case "POST", ["v1", "namespaces"]:
                return self._create_namespace(".".join(body["namespace"]))
            case "GET", ["v1", "namespaces", namespace, "tables"]:
                names = [name for owner, name in self.tables if owner == namespace]
                return 200, {"identifiers": [{"namespace": [namespace], "name": name} for name in names]}
            case "POST", ["v1", "namespaces", namespace, "tables"]:
                return self._stage(namespace, body)
            case "GET", ["v1", "namespaces", namespace, "tables", name]:
                return self._load(namespace, name)
            case "POST", ["v1", "namespaces", namespace, "tables", name]:
                return self._commit((namespace, name), CommitTableRequest.model_validate(body))
            case "DELETE", ["v1", "namespaces", namespace, "tables", name]:
                self.tables.pop((namespace, name), None)
                return 204, None
            case "POST", ["v1", "transactions", "commit"]:
                return self._transaction(body["table-changes"])
        raise _Refused(400, f"no such thing: {method} {'/'.join(parts)}")

    def _create_namespace(self, name: str) -> Reply:
        if name in self.namespaces:
            raise _Refused(409, f"the namespace '{name}' is there")
        self.namespaces.add(name)
        return 200, {"namespace": name.split("."), "properties": {}}

    def _stage(self, namespace: str, body: dict[str, Any]) -> Reply:
        name = str(body["name"])
        if (namespace, name) in self.tables:
            raise _Refused(409, f"the table '{name}' is there")
        metadata = new_table_metadata(
            schema=Schema.model_validate(body["schema"]),
            partition_spec=UNPARTITIONED_PARTITION_SPEC,
            sort_order=UNSORTED_SORT_ORDER,
            location=f"file://{self.folder}/{namespace}/{name}",
        )
        return 200, {"metadata": json.loads(metadata.model_dump_json())}

    def _load(self, namespace: str, name: str) -> Reply:
        if (namespace, name) not in self.tables:
            raise _Refused(404, f"no table '{name}'")
        return 200, self._told((namespace, name))

    def _told(self, key: tuple[str, str]) -> dict[str, Any]:
        metadata, version = self.tables[key]
        return {
            "metadata": json.loads(metadata.model_dump_json()),
            "metadata-location": _at(metadata, version),
        }

    def _commit(self, key: tuple[str, str], request: CommitTableRequest) -> Reply:
        self._make(key, request)
        return 200, self._told(key)

    def _transaction(self, changes: list[dict[str, Any]]) -> Reply:
        requests = [CommitTableRequest.model_validate(change) for change in changes]
        keys = [(".".join(r.identifier.namespace.root), r.identifier.name) for r in requests]
        for key, request in zip(keys, requests, strict=True):
            self._check(key, request)
        for key, request in zip(keys, requests, strict=True):
            self._make(key, request)
            self.between()
        return 204, None

    def _check(self, key: tuple[str, str], request: CommitTableRequest) -> None:
        base, _ = self.tables.get(key, (None, 0))
        try:
            for requirement in request.requirements:
                requirement.validate(base)
        except CommitFailedException as error:
            raise _Refused(409, str(error)) from error

    def _make(self, key: tuple[str, str], request: CommitTableRequest) -> None:
        self._check(key, request)
        if key in self.tables:
            base, version = self.tables[key]
            metadata = update_table_metadata(base, request.updates, metadata_location=_at(base, version))
        else:
            empty = MetastoreCatalog._empty_table_metadata()
            version, metadata = -1, update_table_metadata(empty, request.updates)
        path = Path(_at(metadata, version + 1).removeprefix("file://"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(metadata.model_dump_json(), encoding="utf-8")
        self.tables[key] = (metadata, version + 1)


def _at(metadata: TableMetadata, version: int) -> str:
    return f"{metadata.location}/metadata/{version:05}.metadata.json"


class _Handler(BaseHTTPRequestHandler):
    owner: SmallCatalog
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, told = self.owner.reply(self.command, urlsplit(self.path).path, json.loads(sent or b"{}"))
        body = b"" if told is None else json.dumps(told).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_DELETE = _handle  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass
