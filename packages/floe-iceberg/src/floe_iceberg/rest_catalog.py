"""A REST catalog: it writes the metadata, and its answers may be wrong, late or lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io import S3_ACCESS_KEY_ID, FileIO
from pyiceberg.table import Table
from pyiceberg.table.update import AddSchemaUpdate

from floe_core.errors import Problem, ServiceError, SpecError
from floe_iceberg._pyiceberg import RestClient
from floe_iceberg.catalog import FILE_IO, Home, TableCatalog, TableChange, id_of
from floe_iceberg.changed import changed
from floe_iceberg.conflict import Rivalry, conflict
from floe_iceberg.journal import Journal
from floe_iceberg.rest_answer import Answer, PassingError, asking
from floe_iceberg.rest_commit import RestChange
from floe_iceberg.rest_session import BoundedAdapter, Patience, pauses
from floe_iceberg.rest_transaction import RestTransaction
from floe_iceberg.rights import LentFileIO, Rights
from floe_iceberg.table import TableId

_DEFAULTS = {"py-io-impl": FILE_IO, "s3.connect-timeout": "5", "s3.request-timeout": "30"}
_TRIES = 4
_T = TypeVar("_T")


def open_rest_catalog(name: str, properties: Mapping[str, str]) -> TableCatalog:
    """Open it, and bring to an end what was left of publishes when somebody died in the middle.

    ``floe.journal`` is the folder that tells of these: without it several tables are published as one
    only by catalogs that do it all at once.
    """
    patience = Patience.of(properties)
    client = _patiently(
        patience,
        name,
        lambda: RestClient(name, BoundedAdapter(patience.request_s), {**_DEFAULTS, **properties}),
    )
    journal = Journal(Path(properties["floe.journal"])) if "floe.journal" in properties else None
    catalog = RestTableCatalog(client, patience, journal)
    catalog.settle()
    return catalog


class RestTableCatalog(TableCatalog):
    iceberg: RestClient

    def __init__(self, client: RestClient, patience: Patience, journal: Journal | None) -> None:
        super().__init__(client)
        self._patience = patience
        self._journal = journal
        self._rights: dict[str, Rights] = {}

    @property
    def rights(self) -> Sequence[Rights]:
        return list(self._rights.values())

    def ensure_namespace(self, namespace: str) -> None:
        def create() -> None:
            with suppress(NamespaceAlreadyExistsError):
                self.iceberg.create_namespace(_parts(namespace))

        self._ask(create)

    def namespaces(self) -> list[str]:
        return sorted(".".join(namespace) for namespace in self._ask(self.iceberg.list_namespaces))

    def tables(self, namespace: str) -> list[TableId]:
        with suppress(NoSuchNamespaceError):
            found = self._ask(lambda: self.iceberg.list_tables(_parts(namespace)))
            return [TableId(namespace, name) for *_, name in found]
        return []

    def load(self, name: TableId) -> Table | None:
        table = self._loaded(name)
        if table and self._is_lent(table.io):
            table.io = self._lent(table.metadata.location, table.io, lambda: self._rights_of(name))
        return table

    def place(self, name: TableId) -> tuple[str, FileIO]:
        location, io = self._staged(name)
        if self._is_lent(io):
            io = self._lent(location, io, lambda: self._rights_of(name))
        return location, io

    def home(self, namespace: str) -> Home | None:
        """As the place tells that the catalog would give a table; rights lent for it are for it alone."""
        name = f"floe-{uuid4().hex}"
        with suppress(NoSuchNamespaceError, ServiceError):
            location, io = self._staged(TableId(namespace, name))
            parent, _, last = location.rstrip("/").rpartition("/")
            return Home(parent, io) if last == name and not self._is_lent(io) else None
        return None

    def commit(self, changes: Sequence[TableChange]) -> list[Table]:
        """As told; whatever is no clear answer is looked up by the idempotency keys of the snapshots."""
        asked = [RestChange.of(change) for change in changes]
        together = len(asked) > 1 and self._journal is not None
        with self._journal.publishing(asked) if together and self._journal else nullcontext():
            answer = self._transaction().make(asked)
        return [self._committed(change, answer if len(asked) == 1 else None) for change in changes]

    def settle(self) -> None:
        """Make publishes that were left half done whole, or nothing."""
        if self._journal is not None:
            for changes in self._journal.left():
                self._transaction().settle(changes)

    def drop(self, table: Table) -> bool:
        """As told, save for what somebody commits between the look and the removal."""
        name = id_of(table)
        now = self._loaded(name)
        if now is None or now.metadata_location != table.metadata_location:
            return False

        def drop() -> None:
            with suppress(NoSuchTableError):
                self.iceberg.drop_table(_identifier(name))

        self._ask(drop)
        return True

    def _committed(self, change: TableChange, answer: Answer | None) -> Table:
        """The table as it is now; as it must be, if the catalog has just gone away."""
        if answer and answer.table:
            told = answer.table
            table = self.described(change.name, told.metadata, told.metadata_location, change.table.io)
        else:
            try:
                table = self.load(change.name) or change.table
            except ServiceError:
                location = change.table.metadata_location
                metadata = changed(change.table, change.updates)
                table = self.described(change.name, metadata, location, change.table.io)
        _refuse_other_schema(change, table)
        return table

    def _transaction(self) -> RestTransaction:
        return RestTransaction(self.iceberg, self._patience, self._loaded)

    def _loaded(self, name: TableId) -> Table | None:
        identifier = _identifier(name)

        def load() -> Table | None:
            with suppress(NoSuchTableError):
                table: Table = self.iceberg.load_table(identifier)
                return table
            return None

        return self._ask(load)

    def _staged(self, name: TableId) -> tuple[str, FileIO]:
        try:
            return self._ask(lambda: self.iceberg.staged(*name))
        except TableAlreadyExistsError as error:
            raise conflict({name: Rivalry(self._loaded(name))}) from error

    def _rights_of(self, name: TableId) -> Mapping[str, str]:
        """Of a table, or of the place for one that is not made yet."""
        table = self._loaded(name)
        io = table.io if table else self._staged(name)[1]
        return io.properties

    def _is_lent(self, io: FileIO) -> bool:
        own = self.iceberg.properties.get(S3_ACCESS_KEY_ID)
        return io.properties.get(S3_ACCESS_KEY_ID, own) != own

    def _lent(self, location: str, io: FileIO, renew: Callable[[], Mapping[str, str]]) -> FileIO:
        self._rights[location] = Rights(location, io.properties, renew)
        return LentFileIO(self._rights[location])

    def _ask(self, question: Callable[[], _T]) -> _T:
        return _patiently(self._patience, self.name, question)


def _patiently(patience: Patience, name: str, question: Callable[[], _T]) -> _T:
    """The answer to a question that may be asked again."""
    for pause_s in pauses(patience, _TRIES):
        try:
            with asking(name):
                return question()
        except PassingError:
            if pause_s is None:
                raise
            time.sleep(pause_s)
    raise AssertionError("the last pause is None")


def _refuse_other_schema(change: TableChange, table: Table) -> None:
    """The protocol cannot assert which ids schemas have: two may be given the same one at the same time."""
    for update in change.updates:
        if isinstance(update, AddSchemaUpdate) and not change.new:
            there = next((s for s in table.metadata.schemas if s.schema_id == update.schema_.schema_id), None)
            if there is None or there.fields != update.schema_.fields:
                raise conflict({change.name: Rivalry()})


def _identifier(name: TableId) -> tuple[str, ...]:
    """Refuses what would be another place in an address: of '..' the client would ask the namespace."""
    parts = (*_parts(name.namespace), name.name)
    if {".", ".."} & set(parts):
        raise SpecError(
            Problem(
                "FLOE-E625",
                f"a REST catalog cannot keep a table called '{name.name}'",
                hint="give the model another name, or an alias",
            )
        )
    return parts


def _parts(namespace: str) -> tuple[str, ...]:
    return tuple(namespace.split("."))
