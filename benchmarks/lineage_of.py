"""The column lineage of every model of a compiled product's project: CPU seconds, as JSON."""

from __future__ import annotations

import json
import os
import sys
import time

from floe_compute_duckdb.lineage import KnownTables
from floe_core.compilation.load import load
from floe_core.compilation.relations import relations_of
from floe_core.compilation.resolve import resolve
from floe_core.compilation.validate import validate
from floe_core.compiler import compile_floe_spec
from floe_core.location import locate
from floe_core.plugins.compute import Column

os.chdir(sys.argv[1])
artifacts = compile_floe_spec().artifacts
columns = {
    model.unique_id: tuple(Column(column.name, column.type) for column in model.columns)
    for model in artifacts.transforms
}
plan = resolve(validate(load(locate())))
models = [
    relation
    for relation in relations_of(plan, plan.plugins.dbt.compile(plan.dbt_location, plan.project))
    if relation.unique_id in columns
]
known = KnownTables((models[0].database, models[0].schema))
started = time.process_time()
found = 0
for model in models:
    assert model.sql
    found += known.lineage(model.sql, columns[model.unique_id]) is not None
    known.add(
        model.unique_id, (model.database, model.schema, model.name), columns[model.unique_id], frozenset()
    )
print(json.dumps({"lineage_s": time.process_time() - started, "models": found}))
