"""What other engines do to tables that PyIceberg cannot: rows deleted by position."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
)
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles
from pyiceberg.typedef import Record


class DeleteWriter(ManifestWriterV2):
    """What PyIceberg lacks: a manifest of delete files, as Spark writes them."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class RowDelta(_FastAppendFiles):
    deletes: tuple[DataFile, ...] = ()

    def _manifests(self) -> list[ManifestFile]:
        metadata = self._transaction.table_metadata
        output = self.new_manifest_output()
        with DeleteWriter(metadata.spec(), metadata.schema(), output, self._snapshot_id, "deflate") as writer:
            for file in self.deletes:
                writer.add(
                    ManifestEntry.from_args(
                        status=ManifestEntryStatus.ADDED,
                        snapshot_id=self._snapshot_id,
                        sequence_number=None,
                        file_sequence_number=None,
                        data_file=file,
                    )
                )
        for file in self.deletes:
            self._added_data_files.append(file)  # for the summary only, after the data manifest
        return [*self._existing_manifests(), writer.to_manifest_file()]


def delete_positions(table: Table, positions: dict[str, list[int]]) -> None:
    """Delete rows by position, as a merge-on-read engine does."""
    paths = [path for path, rows in positions.items() for _ in rows]
    numbers = [row for rows in positions.values() for row in rows]
    location = f"{table.location()}/data/deletes-{len(table.metadata.snapshots)}.parquet"
    fields = [
        pa.field("file_path", pa.string(), metadata={"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), metadata={"PARQUET:field_id": "2147483545"}),
    ]
    with table.io.new_output(location).create() as stream:
        pq.write_table(pa.table([paths, pa.array(numbers, pa.int64())], schema=pa.schema(fields)), stream)
    file = DataFile.from_args(
        content=DataFileContent.POSITION_DELETES,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(numbers),
        file_size_in_bytes=len(table.io.new_input(location)),
        sort_order_id=None,
        spec_id=0,
        equality_ids=None,
        key_metadata=None,
    )
    transaction = table.transaction()
    delta = RowDelta(Operation.OVERWRITE, transaction, table.io)
    delta.deletes = (file,)
    delta.commit()
    transaction.commit_transaction()
