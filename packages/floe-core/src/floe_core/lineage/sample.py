"""An event with a facet of each kind: what events have in common, for whoever packs them."""

from __future__ import annotations

from floe_core.lineage import facets
from floe_core.lineage.events import Job, Run, derived_run_id, run_event
from floe_core.lineage.facets import Json
from floe_core.schemas.artifacts import ArtifactColumn

_ID = derived_run_id("sample")


def sample_event() -> Json:
    """It happened to nobody; what most events say stands last, where packing finds it soonest."""
    table: Json = {"namespace": "file:///warehouse", "name": "product.table"}
    job: Json = {"namespace": "floe://platform/dev", "name": "product"}
    columns = [_column(kind) for kind in ("VARCHAR", "BIGINT", "DOUBLE", "TIMESTAMP", "DECIMAL(18,2)")]
    uses = [{"type": "DIRECT", "subtype": kind, "masking": False} for kind in ("IDENTITY", "TRANSFORMATION")]
    indirect = {"type": "INDIRECT", "subtype": "JOIN", "masking": False}
    found = {"assertion": "not_null", "success": True, "name": "", "severity": "error", "column": ""}
    read = {
        "columnLineage": facets.column_lineage(
            {"id": {"inputFields": [{**table, "field": "id", "transformations": uses}]}},
            [{**table, "field": "id", "transformations": [indirect]}],
        ),
        "catalog": facets.catalog("floe", "jdbc", "file:///warehouse"),
        "storage": facets.storage(),
        "documentation": facets.dataset_documentation(""),
        "ownership": facets.dataset_ownership("owner"),
        "schema": facets.schema(columns),
        "version": facets.dataset_version(1),
    }
    assertions = {"dataQualityAssertions": facets.assertions([found | {"expected": "0", "actual": "0"}])}
    statistics = {"outputStatistics": facets.output_statistics(1, 1, 1)}
    of_job = {
        "documentation": facets.job_documentation(""),
        "sql": facets.sql("select", "duckdb"),
        "jobType": facets.job_type("DBT", "MODEL"),
        "ownership": facets.job_ownership("owner"),
    }
    of_run = {
        "errorMessage": facets.error_message("", "SQL"),
        "floe": facets.floe_run({"runId": _ID, "attempt": 1, "environment": "dev", "traceId": ""}),
        "processing_engine": facets.processing_engine("floe", ""),
        "parent": facets.parent({"runId": _ID}, job, {"runId": _ID}, job),
    }
    return run_event(
        "COMPLETE",
        Run(_ID, of_run),
        Job(job["namespace"], job["name"], of_job),
        inputs=[{**table, "facets": read, "inputFacets": assertions}],
        outputs=[{**table, "facets": read, "outputFacets": statistics}],
    )


def _column(kind: str) -> ArtifactColumn:
    return ArtifactColumn(name="id", type=kind, nullable=True, description=None, inputs=())
