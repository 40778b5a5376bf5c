"""The product here, run as Dagster's step runs it, with no Dagster around it."""

from __future__ import annotations

import uuid
from pathlib import Path

from floe_core.compiler import compile_floe_spec
from floe_core.events import RunEvent
from floe_core.run import RunRequest, execute


def _unheard(event: RunEvent) -> None:
    """A benchmark has no reader."""


compilation = compile_floe_spec(Path.cwd())
request = RunRequest(run_id=str(uuid.uuid4()), attempt=1)
result = execute(compilation.location, compilation.artifacts, request, _unheard)
assert result.state == "succeeded", result.reason
