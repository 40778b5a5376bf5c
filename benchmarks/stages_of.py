"""The stages of one compile of the project in a folder: CPU seconds and memory, as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from floe_core.compilation.compile import compile_plan
from floe_core.compilation.enforce import enforce
from floe_core.compilation.generate import generate, write_generated
from floe_core.compilation.load import load
from floe_core.compilation.resolve import resolve
from floe_core.compilation.validate import validate
from floe_core.compiler import seldom_collecting
from floe_core.location import locate
from floe_core.schemas.artifacts import CompiledArtifacts

T = TypeVar("T")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    return work(), time.process_time() - started


os.chdir(sys.argv[1])
location = locate()
with seldom_collecting():
    plan, parse_s = _timed(lambda: resolve(validate(load(location))))
    proven, proof_s = _timed(lambda: compile_plan(enforce(plan)))
    artifacts, generate_s = _timed(lambda: generate(proven))
    _, write_s = _timed(lambda: write_generated(proven, artifacts))
    read, read_s = _timed(lambda: CompiledArtifacts.model_validate_json(location.artifacts_path.read_bytes()))
assert read == artifacts
told = {
    "parse_s": parse_s,
    "proof_s": proof_s,
    "generate_s": generate_s,
    "artifact_s": write_s + read_s,
    "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}
print(json.dumps(told))
