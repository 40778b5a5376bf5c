"""OpenLineage: events as the plain JSON they are, in the words of its published schemas."""

from __future__ import annotations

from floe_core.lineage.assertions import assertion
from floe_core.lineage.attempt import Attempt
from floe_core.lineage.datasets import Dataset, Datasets, Naming
from floe_core.lineage.events import EventType, Job, Run, derived_run_id, run_event
from floe_core.lineage.facets import Json
from floe_core.lineage.sample import sample_event

__all__ = [
    "Attempt",
    "Dataset",
    "Datasets",
    "EventType",
    "Job",
    "Json",
    "Naming",
    "Run",
    "assertion",
    "derived_run_id",
    "run_event",
    "sample_event",
]
