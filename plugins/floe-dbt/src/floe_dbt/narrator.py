"""dbt's events, told as floe's while they happen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Literal

from dbt import selected_resources
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg

from floe_core.events import (
    Logged,
    ModelFinished,
    ModelStarted,
    ModelState,
    Phase,
    Planned,
    RunEvent,
    TestFinished,
    TestState,
)
from floe_dbt.batches import Batches
from floe_dbt.messages import all_lines, cleaned, database_error

MODELS = ("model", "seed", "snapshot")
TESTS = ("test", "unit_test")

_MODEL_STATES: dict[str, ModelState] = {"success": "succeeded", "skipped": "skipped"}
_TEST_STATES: dict[str, TestState] = {
    "pass": "passed",
    "fail": "failed",
    "warn": "warned",
    "skipped": "skipped",
}
_LEVELS: dict[str, Literal["info", "warning", "error"]] = {
    "info": "info",
    "warn": "warning",
    "error": "error",
}


class Narrator:
    """A callback for dbt; called in the threads that do the work, tells one event at a time."""

    def __init__(self, manifest: Manifest, observe: Callable[[RunEvent], None]) -> None:
        self._manifest = manifest
        self._observe = observe
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._planned = False
        self._started = 0
        self._total = 0
        self._batches = Batches()
        self._tellers = {
            "LogStartLine": self._start,
            "LogStartBatch": self._batches.start,
            "LogBatchResult": self._batches.finish,
            "GenericExceptionOnRun": self._batches.fail,
            "NodeFinished": self._finish,
        }

    def __call__(self, message: EventMsg) -> None:
        tell = self._tellers.get(message.info.name)
        line = _line(message)
        if tell is None and line is None:
            return
        with self._lock:
            if self._failure is not None:
                return
            try:
                if tell:
                    self._plan()
                    tell(message.data)
                if line:
                    self._observe(line)
            except (
                BaseException
            ) as error:  # (a worker's callback that raises would leave dbt waiting for ever)
                if threading.current_thread() is threading.main_thread() and not isinstance(error, Exception):
                    raise  # an interrupt that happens to arrive here: dbt knows what to do
                self._failure = error

    def raise_failure(self) -> None:
        """Raise what the observer raised, now that dbt is done."""
        if self._failure is not None:
            raise self._failure

    def _plan(self) -> None:
        """Tell, before the first step, what dbt has selected."""
        if self._planned:
            return
        self._planned = True
        nodes = [self._node(id_) for id_ in sorted(selected_resources.SELECTED_RESOURCES)]
        models, tests = (
            tuple(
                node.unique_id
                for node in nodes
                if node is not None
                and str(node.resource_type) in kinds
                and not getattr(node, "is_ephemeral_model", False)
            )
            for kinds in (MODELS, TESTS)
        )
        self._observe(Planned(models, tests))
        self._total = len(models)

    def _start(self, data: Any) -> None:
        node = self._node(data.node_info.unique_id)
        if node is not None and str(node.resource_type) in MODELS:
            self._started += 1
            self._observe(ModelStarted(node.unique_id, _selected_by(node), self._started, self._total))

    def _finish(self, data: Any) -> None:
        node = self._node(data.node_info.unique_id)
        if node is None or getattr(node, "is_ephemeral_model", False):
            return
        if str(node.resource_type) in MODELS:
            if not self._batches.is_one(node.unique_id, data.run_result):
                self._observe(self._batches.added(_model_finished(node, data.run_result)))
        elif str(node.resource_type) in TESTS:
            self._observe(_test_finished(node, data.run_result))

    def _node(self, unique_id: str) -> Any:
        return self._manifest.nodes.get(unique_id) or self._manifest.unit_tests.get(unique_id)


def _line(message: EventMsg) -> Logged | None:
    """What dbt would print about a node; the rest is about dbt."""
    info: Any = message.info
    level, name = (
        _LEVELS.get(info.level),
        getattr(getattr(message.data, "node_info", None), "node_name", None),
    )
    return Logged(name, level, all_lines(info.msg)) if level and name else None


def _model_finished(node: Any, result: Any) -> ModelFinished:
    state = _MODEL_STATES.get(result.status, "failed")
    if "INTERRUPT Error" in result.message:
        state = "cancelled"
    error = database_error(result.message) if state == "failed" else None
    return ModelFinished(
        node.unique_id,
        _selected_by(node),
        state,
        result.execution_time,
        error=error,
        phases=tuple(_phases(result)),
    )


def _selected_by(node: Any) -> str:
    """The name that ``--select`` knows the node by: of a model with versions 'price.v1'."""
    return str(node.unique_id.split(".", 2)[2])


def _phases(result: Any) -> Iterator[Phase]:
    """What dbt itself timed."""
    for timing in result.timing_info:
        if timing.name in ("compile", "execute") and timing.HasField("completed_at"):
            start, end = (moment.ToDatetime(UTC) for moment in (timing.started_at, timing.completed_at))
            yield Phase(timing.name, start, end)


def _test_finished(node: Any, result: Any) -> TestFinished:
    state = _TEST_STATES.get(result.status, "errored")
    message = result.message or state
    if state == "errored":
        told = database_error(message)
    else:
        told = all_lines(message) if str(node.resource_type) == "unit_test" else cleaned(message)
    return TestFinished(
        unique_id=node.unique_id,
        name=node.name,
        model=subject(node),
        state=state,
        failures=result.num_failures,
        seconds=result.execution_time,
        blocking=str(getattr(node.config, "severity", "error")).lower() == "error",
        error=told if state in ("failed", "warned", "errored") else None,
    )


def subject(node: Any) -> str | None:
    """The node a test is about: the one it stands beside in a file, else the only one it reads."""
    attached: str | None = getattr(node, "attached_node", None)
    reads = node.depends_on.nodes
    if attached is None and (len(reads) == 1 or str(node.resource_type) == "unit_test"):
        attached = reads[0]
    return attached
