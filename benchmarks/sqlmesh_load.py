"""What SQLMesh takes for a dbt project: run by the interpreter of an environment that has it.

Prints CPU seconds as JSON: loading the models, and the column lineage of some of them.
"""

from __future__ import annotations

import json
import sys
import time

from sqlmesh import Context
from sqlmesh.core.lineage import column_dependencies

folder, models = sys.argv[1], int(sys.argv[2])
context = Context(paths=folder)
loaded = time.process_time()
columns = 0
for model in list(context.models.values())[:models]:
    for column in model.columns_to_types or {}:
        column_dependencies(context, model.fqn, column)
        columns += 1
json.dump({"load_s": loaded, "lineage_s": time.process_time() - loaded, "columns": columns}, sys.stdout)
