"""Which files of a table are to become fewer, larger ones."""

from __future__ import annotations

from itertools import groupby

from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask

from floe_iceberg.file_shape import file_shape
from floe_iceberg.layout import current
from floe_iceberg.table import TableView

COMPACTION_MODEL = "floe.compaction"


def small_files(view: TableView, *, target_bytes: int, min_files: int) -> list[FileScanTask]:
    """The files of each partition that are worth making one of; none where there are too few.

    Files laid out otherwise than the table's newest ones stay as they are. Files with rows deleted by
    position are rewritten together or not at all, so that their delete files can go.
    """
    full = file_shape(view, view.table.metadata.properties, at_most=target_bytes).full
    spec_id = current(view.table.metadata, view.schema).spec.spec_id
    ours = [task for task in view.files if task.file.spec_id == spec_id]
    holed = [task for task in view.files if task.delete_files]
    may_fill = all(task in ours for task in holed)
    small = [
        task for task in ours if (may_fill if task.delete_files else task.file.file_size_in_bytes < full)
    ]
    small.sort(key=lambda task: _partition(task.file))
    groups = [list(group) for _, group in groupby(small, key=lambda task: _partition(task.file))]
    chosen = [task for group in groups if len(group) >= max(min_files, 2) for task in group]
    if any(task.delete_files for task in chosen):
        chosen += [task for task in holed if task not in chosen]
    return chosen


def _partition(file: DataFile) -> str:
    return repr(file.partition)
