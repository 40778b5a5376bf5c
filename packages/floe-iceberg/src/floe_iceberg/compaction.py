"""Which files of a table are to become fewer, larger ones."""

from __future__ import annotations

from pyiceberg.table import FileScanTask

from floe_iceberg.commit import unpartitioned_spec
from floe_iceberg.table import TableView


def small_files(view: TableView, *, target_bytes: int, min_files: int) -> list[FileScanTask]:
    """The files worth making one of; none when there are too few.

    Files that others partitioned stay as they are, for floe writes without partitions. Files with rows
    deleted by position are rewritten together or not at all, so that their delete files can go.
    """
    spec_id = unpartitioned_spec(view.table.metadata).spec_id
    ours = [task for task in view.files if task.file.spec_id == spec_id]
    holed = [task for task in view.files if task.delete_files]
    whole = [
        task
        for task in ours
        if not task.delete_files and task.file.file_size_in_bytes < target_bytes * 3 // 4
    ]
    chosen = [*whole, *holed] if all(task in ours for task in holed) else whole
    return chosen if len(chosen) >= max(min_files, 2) else []
