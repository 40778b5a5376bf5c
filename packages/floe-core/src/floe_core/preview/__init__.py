"""What a run would do now, without doing it."""

from floe_core.preview.preview import Preview, preview
from floe_core.preview.tables import ColumnChange
from floe_core.preview.work import Work, WorkState

__all__ = ["ColumnChange", "Preview", "Work", "WorkState", "preview"]
