"""The facets of OpenLineage that floe fills, each named with the version of its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from floe_core.schemas.artifacts import ArtifactColumn

Json = dict[str, Any]

PRODUCER = f"https://floe.dev/floe-core/{version('floe-core')}"
_SCHEMAS = "https://openlineage.io/spec/facets"
_OWN_SCHEMAS = "https://floe.dev/schemas/lineage"


def parent(run: Json, job: Json, root_run: Json, root_job: Json) -> Json:
    return _facet("1-2-0", "ParentRunFacet", run=run, job=job, root={"run": root_run, "job": root_job})


def error_message(message: str, language: str) -> Json:
    return _facet("1-0-1", "ErrorMessageRunFacet", message=message, programmingLanguage=language)


def processing_engine(name: str, engine_version: str) -> Json:
    return _facet("1-1-1", "ProcessingEngineRunFacet", name=name, version=engine_version)


def floe_run(said: Mapping[str, Any]) -> Json:
    """What joins an event with spans, logs and snapshots; its schema stands beside this file."""
    return _facet("1-0-0", "FloeRunFacet", base=_OWN_SCHEMAS, **said)


def job_type(integration: str, kind: str) -> Json:
    return _facet("2-0-4", "JobTypeJobFacet", processingType="BATCH", integration=integration, jobType=kind)


def job_ownership(owner: str) -> Json:
    return _facet("1-0-1", "OwnershipJobFacet", owners=[{"name": owner, "type": "OWNER"}])


def job_documentation(description: str) -> Json:
    return _facet("1-1-0", "DocumentationJobFacet", description=description)


def sql(query: str, dialect: str) -> Json:
    return _facet("1-1-0", "SQLJobFacet", query=query, dialect=dialect)


def schema(columns: Sequence[ArtifactColumn]) -> Json:
    fields = []
    for place, column in enumerate(columns, 1):
        field = {"name": column.name, "type": column.type, "ordinal_position": place}
        if column.description:
            field["description"] = column.description
        fields.append(field)
    return _facet("1-2-0", "SchemaDatasetFacet", fields=fields)


def column_lineage(fields: Json, dataset: list[Json]) -> Json:
    return _facet("1-2-0", "ColumnLineageDatasetFacet", fields=fields, dataset=dataset)


def dataset_version(snapshot_id: int) -> Json:
    return _facet("1-0-1", "DatasetVersionDatasetFacet", datasetVersion=str(snapshot_id))


def dataset_ownership(owner: str) -> Json:
    return _facet("1-0-1", "OwnershipDatasetFacet", owners=[{"name": owner, "type": "OWNER"}])


def dataset_documentation(description: str) -> Json:
    return _facet("1-1-0", "DocumentationDatasetFacet", description=description)


def storage() -> Json:
    return _facet("1-0-1", "StorageDatasetFacet", storageLayer="iceberg", fileFormat="parquet")


def catalog(name: str, kind: str, warehouse: str) -> Json:
    return _facet(
        "1-1-0", "CatalogDatasetFacet", framework="iceberg", type=kind, name=name, warehouseUri=warehouse
    )


def output_statistics(rows: int | None, size: int | None, files: int | None) -> Json:
    said = {"rowCount": rows, "size": size, "fileCount": files}
    known: Json = {key: value for key, value in said.items() if value is not None}
    return _facet("1-0-2", "OutputStatisticsOutputDatasetFacet", **known)


def assertions(found: Sequence[Json]) -> Json:
    return _facet("1-1-0", "DataQualityAssertionsDatasetFacet", assertions=list(found))


def _facet(schema_version: str, schema_name: str, /, *, base: str = _SCHEMAS, **content: Any) -> Json:
    url = f"{base}/{schema_version}/{schema_name}.json#/$defs/{schema_name}"
    return {"_producer": PRODUCER, "_schemaURL": url, **content}
