"""The catalogs and stores that one suite of the engine runs on: ``pytest --leg=NAME``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from testing.services.catalog import RestServer, rest_server
from testing.services.faults import Fault, FaultProxy
from testing.services.postgres import Postgres, postgres
from testing.services.small_catalog import SmallCatalog
from testing.services.store import BUCKET, Store, store
from testing.services.vendor import Vendor, vending


@dataclass(frozen=True)
class Place:
    """A lake's: all of it is in ``files``; locations that begin with ``root`` lead to ``warehouse``."""

    files: Path
    warehouse: Path
    root: str
    properties: Mapping[str, str]

    def path(self, location: str) -> Path:
        """The file or folder of a location; of a path, itself."""
        return Path(location.replace(self.root, str(self.warehouse), 1))


class Leg(Protocol):
    def place(self, folder: Path) -> Place:
        """A new lake's, which may use the folder."""


class Sqlite:
    """A catalog in SQLite, files on the local disk."""

    def place(self, folder: Path) -> Place:
        uri = f"sqlite:///{folder}/catalog.db"
        return _on_disk(folder, uri)


@dataclass(frozen=True)
class PostgresLeg:
    """A catalog in PostgreSQL, files on the local disk."""

    server: Postgres

    def place(self, folder: Path) -> Place:
        return _on_disk(folder, self.server.database(f"lake-{uuid4().hex}"))


@dataclass(frozen=True)
class RestLeg:
    """A REST catalog, objects in an S3 store."""

    server: RestServer
    store: Store
    patience: Mapping[str, str] = field(default_factory=dict)

    def place(self, folder: Path) -> Place:
        name = f"lake-{uuid4().hex[:12]}"
        files = self.store.folder / name
        files.mkdir()
        properties = {
            "type": "rest",
            "uri": self.server.uri(name),
            "floe.journal": f"{folder}/journal",
            **self.store.properties(),
            **self.patience,
        }
        return Place(files, files, f"s3://{BUCKET}/{name}", properties)


@dataclass(frozen=True)
class VendedLeg:
    """A REST catalog that lends rights on an S3 store; nobody has any of his own."""

    rest: RestLeg
    vendor: Vendor
    proxy: FaultProxy

    def place(self, folder: Path) -> Place:
        place = self.rest.place(folder)
        uri = place.properties["uri"].replace(str(self.rest.server.port), str(self.proxy.port))
        keys = ("s3.access-key-id", "s3.secret-access-key")
        properties = {key: value for key, value in place.properties.items() if key not in keys}
        return replace(place, properties={**properties, "uri": uri})


@dataclass(frozen=True)
class SmallRestLeg:
    """A REST catalog in this process, files on the local disk."""

    catalog: SmallCatalog

    def place(self, folder: Path) -> Place:
        files = self.catalog.folder
        properties = {
            "type": "rest",
            "uri": f"http://127.0.0.1:{self.catalog.port}",
            "floe.journal": f"{folder}/journal",
        }
        return Place(files, files, f"file://{files}", properties)


@dataclass(frozen=True)
class Misbehaving:
    """Another leg's REST catalog behind a proxy."""

    leg: Leg
    proxy: FaultProxy

    def place(self, folder: Path) -> Place:
        place = self.leg.place(folder)
        there = urlsplit(place.properties["uri"])
        uri = f"http://127.0.0.1:{self.proxy.port}{there.path}"
        return replace(place, properties={**place.properties, "uri": uri})

    def haste(self, fault: Fault, *, for_good: bool) -> Mapping[str, str]:
        """The properties of a client that no more than the fault makes give up early.

        It waits briefly for an answer where that never comes, and asks for a short while only where every
        answer is as bad; a slow machine has all the time otherwise.
        """
        # the reference catalog needs a second for its first answer
        request_s, overall_s = ("3", "7") if isinstance(self.leg, RestLeg) else ("0.5", "1")
        brief = {"floe.request-timeout-s": request_s} if fault in ("trickle", "silence") else {}
        return {**brief, "floe.patience-s": overall_s} if for_good else brief


@contextmanager
def misbehaving(leg: Leg, folder: Path) -> Iterator[Misbehaving]:
    """The leg's catalog, or a small one where it is no REST catalog, behind a proxy."""
    if isinstance(leg, RestLeg):
        with FaultProxy(leg.server.port) as proxy:
            yield Misbehaving(leg, proxy)
        return
    with SmallCatalog(folder / "small") as catalog, FaultProxy(catalog.port) as proxy:
        yield Misbehaving(SmallRestLeg(catalog), proxy)


def _on_disk(folder: Path, uri: str) -> Place:
    warehouse = folder / "warehouse"
    properties = {"type": "sql", "uri": uri, "warehouse": f"file://{warehouse}"}
    return Place(folder, warehouse, f"file://{warehouse}", properties)


@contextmanager
def _sqlite(_: Path) -> Iterator[Leg]:
    yield Sqlite()


@contextmanager
def _postgres(_: Path) -> Iterator[Leg]:
    with postgres() as server:
        yield PostgresLeg(server)


@contextmanager
def _rest(home: Path) -> Iterator[Leg]:
    with store(home) as objects, rest_server(home, objects) as server:
        yield RestLeg(server, objects)


@contextmanager
def _vended(home: Path) -> Iterator[Leg]:
    with store(home) as objects, rest_server(home, objects) as server, vending(server, objects) as lent:
        yield VendedLeg(RestLeg(server, objects), *lent)


def started(name: str, home: Path) -> AbstractContextManager[Leg]:
    """The leg while its services run; they keep their files in ``home``."""
    return {"sqlite": _sqlite, "postgres": _postgres, "rest": _rest, "vended": _vended}[name](home)
