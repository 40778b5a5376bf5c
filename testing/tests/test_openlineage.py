"""The judge of lineage events notices what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from floe_core.lineage import Job, Run, derived_run_id, facets, run_event
from testing.openlineage import violations

Event = dict[str, Any]


def _event() -> Event:
    run = Run(derived_run_id("a run"), {"errorMessage": facets.error_message("no", "SQL")})
    output = {"namespace": "file:///lake", "name": "shop.t", "facets": {"version": facets.dataset_version(7)}}
    return run_event("FAIL", run, Job("floe://test/dev", "shop"), outputs=[output])


def _wrong_time(event: Event) -> None:
    event["eventTime"] = "yesterday"


def _wrong_type(event: Event) -> None:
    event["eventType"] = "DONE"


def _no_uuid(event: Event) -> None:
    event["run"]["runId"] = "run 1"


def _no_job(event: Event) -> None:
    del event["job"]


def _number_as_version(event: Event) -> None:
    event["outputs"][0]["facets"]["version"]["datasetVersion"] = 7


def _no_language(event: Event) -> None:
    del event["run"]["facets"]["errorMessage"]["programmingLanguage"]


def _unknown_facet(event: Event) -> None:
    event["run"]["facets"]["mine"] = {"_producer": "https://me.example", "_schemaURL": "https://me.example/1"}


def _facet_under_another_name(event: Event) -> None:
    found = event["run"]["facets"]
    found["nominalTime"] = found.pop("errorMessage")


@pytest.mark.requirement("FR-041")
def test_an_event_that_fits_has_no_violation() -> None:
    assert violations(_event()) == []


@pytest.mark.requirement("FR-041")
@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (_wrong_type, "'DONE' is not one of"),
        (_no_job, "'job' is a required property"),
        (_number_as_version, "version: 7 is not of type 'string'"),
        (_no_language, "errorMessage: 'programmingLanguage' is a required property"),
        (_unknown_facet, "mine: no schema 'https://me.example/1'"),
        (_facet_under_another_name, "is the schema of another facet"),
        (_wrong_time, "'yesterday' is not a 'date-time'"),
        (_no_uuid, "'run 1' is not a 'uuid'"),
    ],
)
def test_each_fault_is_found(spoil: Callable[[Event], None], what: str) -> None:
    event = _event()
    spoil(event)

    assert what in "\n".join(violations(event))
