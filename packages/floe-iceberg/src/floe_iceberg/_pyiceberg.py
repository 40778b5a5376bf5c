"""Every private name of PyIceberg that floe stands on, in one place.

PyIceberg's own transactions set a new schema current on the table, create a branch in a commit of its
own and send whatever they staged. A run needs none of that, so snapshots are made here over metadata
that lives in this process only, and the caller sends the updates it wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyiceberg
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import _InclusiveMetricsEvaluator
from pyiceberg.io import FileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriter,
    write_manifest,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import (
    Operation,
    Snapshot,
    Summary,
    UpdateMetrics,
    update_snapshot_summaries,
)
from pyiceberg.table.update import TableRequirement, TableUpdate
from pyiceberg.table.update.snapshot import (
    _FastAppendFiles,
    _ManifestMergeManager,
    _OverwriteFiles,
    _SnapshotProducer,
)
from pyiceberg.types import BooleanType, NestedField
from requests import Response, Session
from requests.adapters import HTTPAdapter

from floe_core.errors import PluginError, Problem

_VERSION = "0.12.0"
_MANY_MANIFESTS = 8  # of a snapshot, before those of earlier ones are made one
_MANIFEST_BYTES = 8 * 1024 * 1024

if pyiceberg.__version__ != _VERSION:
    raise PluginError(
        Problem(
            "FLOE-E230",
            f"floe needs pyiceberg '{_VERSION}' exactly, '{pyiceberg.__version__}' is installed",
            hint=f"pip install pyiceberg=={_VERSION}",
        )
    )


def append_snapshot(
    table: Table, branch: str, added: Iterable[DataFile], summary: Mapping[str, str]
) -> tuple[TableUpdate, ...]:
    """Write the manifests of a snapshot that adds files to the branch; nothing is committed."""
    producer = _Append(Operation.APPEND, _Collected(table), table.io, None, dict(summary), branch)
    return _produce(producer, added)


def rewrite_snapshot(
    table: Table,
    branch: str,
    added: Iterable[DataFile],
    removed: Iterable[DataFile],
    summary: Mapping[str, str],
    *,
    drop_delete_files: bool = False,
) -> tuple[TableUpdate, ...]:
    """The same for a snapshot that puts ``added`` in the place of ``removed`` and keeps the rest.

    ``drop_delete_files`` is right only when every file they delete rows of is among the removed.
    """
    added = list(added)
    operation = Operation.OVERWRITE if added else Operation.DELETE
    kind = _RewriteWithoutDeletes if drop_delete_files else _Rewrite
    producer = kind(operation, _Collected(table), table.io, None, dict(summary), branch)
    for file in removed:
        producer.delete_data_file(file)
    return _produce(producer, added)


def replace_snapshot(
    table: Table, branch: str, added: Iterable[DataFile], summary: Mapping[str, str]
) -> tuple[TableUpdate, ...]:
    """The same for a snapshot whose only files are ``added``, whatever its parent holds."""
    parent = table.metadata.snapshot_by_name(branch)
    operation = Operation.APPEND if parent is None else Operation.OVERWRITE
    producer = _Replace(operation, _Collected(table), table.io, None, dict(summary), branch)
    return _produce(producer, added)


def restored_snapshot(
    table: Table, branch: str, old: Snapshot, summary: Mapping[str, str]
) -> tuple[TableUpdate, ...]:
    """The same for a snapshot that holds exactly what an older one held; no data file is written."""
    producer = _Restored(Operation.OVERWRITE, _Collected(table), table.io, None, dict(summary), branch)
    producer.restores(old)
    return _produce(producer, ())


def write_metadata(catalog: SqlCatalog, metadata: TableMetadata, io: FileIO, location: str) -> None:
    catalog._write_metadata(metadata, io, location)


def metadata_version(location: str) -> int:
    return SqlCatalog._parse_metadata_version(location)


def table_row(catalog: SqlCatalog, namespace: str, name: str, location: str) -> dict[str, object]:
    """The row of the catalog's own table that makes a table exist."""
    return catalog._create_table_row(namespace, name, location)


def default_location(catalog: SqlCatalog, namespace: str, name: str) -> str:
    return catalog._resolve_table_location(None, namespace, name)


def catalog_io(catalog: Catalog, properties: Mapping[str, str], location: str) -> FileIO:
    return catalog._load_file_io(dict(properties), location)


class RestClient(RestCatalog):
    """PyIceberg's client with an adapter of ours below it, from its very first request on."""

    def __init__(self, name: str, adapter: HTTPAdapter, properties: Mapping[str, str]) -> None:
        self._adapter = adapter
        super().__init__(name, **properties)

    def _config_headers(self, session: Session) -> None:
        super()._config_headers(session)
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter)

    def post_table(self, namespace: str, name: str, request: Any) -> Response:
        """Ask for a commit of one table, and pass on whatever is answered."""
        path = self._split_identifier_for_path((*namespace.split("."), name))
        return self._post(self.url("namespaces/{namespace}/tables/{table}", **path), request)

    def post_transaction(self, requests: list[Any]) -> Response:
        """The same of several tables."""
        return self._post(self.url("transactions/commit"), {"table-changes": requests})

    def _post(self, url: str, body: Any) -> Response:
        response = self._session.post(url, json=body)
        if response.status_code in (401, 419):  # a token that has expired meanwhile
            self._refresh_token()
            response = self._session.post(url, json=body)
        return response

    def staged(self, namespace: str, name: str) -> tuple[str, FileIO]:
        """Where the catalog would put a table of the name, and what reads and writes there."""
        identifier = (*namespace.split("."), name)
        some = Schema(NestedField(1, "some", BooleanType()))
        answer = self._create_table(identifier, some, stage_create=True)
        location = answer.metadata.location
        # for a table without a metadata file PyIceberg would leave the credentials out
        lent = self._resolve_storage_credentials(answer.storage_credentials, location)
        return location, self._load_file_io({**answer.config, **lent}, location)


def might_match(schema: Schema, condition: BooleanExpression, files: Iterable[DataFile]) -> list[bool]:
    """For each file whether its column bounds allow rows the condition holds for."""
    evaluator = _InclusiveMetricsEvaluator(schema, condition)
    return [evaluator.eval(file) for file in files]


def _produce(producer: _Producer, added: Iterable[DataFile]) -> tuple[TableUpdate, ...]:
    for file in added:
        producer.append_data_file(file)
    producer.commit()
    return producer._transaction._updates


class _Collected(Transaction):
    """A transaction whose metadata stays as given and whose updates are collected, never sent."""

    @property
    def table_metadata(self) -> TableMetadata:
        return self._table.metadata

    def _apply(
        self, updates: tuple[TableUpdate, ...], requirements: tuple[TableRequirement, ...] = ()
    ) -> Transaction:
        self._updates += updates  # what must hold is the caller's to say
        return self


class _Tolerant(_SnapshotProducer):  # type: ignore[type-arg]
    """Copes with partition specs whose columns the branch's schema no longer has."""

    def _summary(self, snapshot_properties: Mapping[str, str] = {}) -> Summary:
        metrics = UpdateMetrics()
        for file in self._added_data_files:
            metrics.add_file(file)
        for file in self._deleted_data_files:
            metrics.remove_file(file)
        metadata = self._transaction.table_metadata
        parent = metadata.snapshot_by_id(self._parent_snapshot_id) if self._parent_snapshot_id else None
        return update_snapshot_summaries(
            Summary(self._operation, **metrics.to_dict(), **snapshot_properties),
            parent.summary if parent else None,
        )

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        """Those that tell of nothing but what earlier snapshots deleted go; of many, one is made."""
        kept = [manifest for manifest in manifests if self._is_new(manifest) or _has_files(manifest)]
        old = [m for m in kept if m.content == ManifestContent.DATA and not self._is_new(m)]
        if len(old) < _MANY_MANIFESTS:
            return kept
        merging: _ManifestMergeManager[Any] = _ManifestMergeManager(_MANIFEST_BYTES, 2, True, self)
        return [*(manifest for manifest in kept if manifest not in old), *merging.merge_manifests(old)]

    def _is_new(self, manifest: ManifestFile) -> bool:
        return manifest.added_snapshot_id == self._snapshot_id

    def new_manifest_writer(self, spec: PartitionSpec) -> ManifestWriter:
        metadata = self._transaction.table_metadata
        sources = {field.source_id for field in spec.fields}
        schemas = [self.schema(), *reversed(metadata.schemas)]
        return write_manifest(
            format_version=metadata.format_version,
            spec=spec,
            schema=next(schema for schema in schemas if sources <= set(schema.field_ids)),
            output_file=self.new_manifest_output(),
            snapshot_id=self._snapshot_id,
            avro_compression=self._compression,
        )

    def _build_delete_files_partition_predicate(self) -> None:
        pass  # it prunes manifests by partition values, whose types may be unknown

    def _build_manifest_evaluator(self, spec_id: int) -> Callable[[ManifestFile], bool]:
        return lambda _: True


class _Append(_Tolerant, _FastAppendFiles):
    pass


class _Rewrite(_Tolerant, _OverwriteFiles):
    pass


class _RewriteWithoutDeletes(_Rewrite):
    def _existing_manifests(self) -> list[ManifestFile]:
        kept = []
        for manifest in super()._existing_manifests():
            if manifest.content == ManifestContent.DATA:
                kept.append(manifest)
            else:
                entries = manifest.fetch_manifest_entry(self._io, discard_deleted=True)
                self._deleted_data_files.update(entry.data_file for entry in entries)  # for the summary
        return kept


class _Replace(_Tolerant, _OverwriteFiles):
    """Drops every file of the parent, delete files included."""

    def _existing_manifests(self) -> list[ManifestFile]:
        return []

    def _deleted_entries(self) -> list[ManifestEntry]:
        parent = self._transaction.table_metadata.snapshot_by_name(self._target_branch)
        deleted = []
        for manifest in parent.manifests(self._io) if parent else ():
            for entry in manifest.fetch_manifest_entry(self._io, discard_deleted=True):
                self._deleted_data_files.add(entry.data_file)
                if manifest.content == ManifestContent.DATA:
                    deleted.append(self._deleted(entry))
        return deleted

    def _deleted(self, entry: ManifestEntry) -> ManifestEntry:
        assert entry.data_file.content == DataFileContent.DATA
        return ManifestEntry.from_args(
            status=ManifestEntryStatus.DELETED,
            snapshot_id=self._snapshot_id,
            sequence_number=entry.sequence_number,
            file_sequence_number=entry.file_sequence_number,
            data_file=entry.data_file,
        )


class _Restored(_Tolerant, _FastAppendFiles):
    """Names the manifests of an older snapshot again; their files keep the sequence numbers they had."""

    def restores(self, old: Snapshot) -> None:
        self._old = old

    def _existing_manifests(self) -> list[ManifestFile]:
        return [manifest for manifest in self._old.manifests(self._io) if _has_files(manifest)]

    def _summary(self, snapshot_properties: Mapping[str, str] = {}) -> Summary:
        old = self._old.summary.additional_properties if self._old.summary else {}
        totals = {name: value for name, value in old.items() if name.startswith("total-")}
        return Summary(self._operation, **totals, **snapshot_properties)


def _has_files(manifest: ManifestFile) -> bool:
    return bool(manifest.has_added_files() or manifest.has_existing_files())


_Producer = _Append | _Rewrite | _Replace | _Restored
