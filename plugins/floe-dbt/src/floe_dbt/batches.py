"""Models that dbt builds in batches of time: it tells of each batch as if it were the model."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from dbt.artifacts.resources.types import BatchSize
from dbt.materializations.incremental.microbatch import MicrobatchBuilder

from floe_core.events import ModelFinished
from floe_dbt.messages import database_error

_OF_THE_MODEL = re.compile(r"SUCCESS|ERROR|PARTIAL SUCCESS \(\d+/\d+\)")
_FAILED = "ERROR"  # also what a batch says that failed while it was built
_ON_A_THREAD = "Exception on worker thread. "
_DESCRIPTION = re.compile(r"batch (\S+) of ")
_REST_OF_A_TIME = {4: "-01-01T00:00", 7: "-01T00:00", 10: "T00:00", 13: ":00"}
_SIZES = {4: BatchSize.year, 7: BatchSize.month, 10: BatchSize.day, 13: BatchSize.hour}


@dataclass
class _Model:
    """The batches that did well, as (start, end), and what the first one said that did not.

    ``ended`` are those whose result is told and whose end as a node is not yet.
    """

    built: list[tuple[datetime, datetime]] = field(default_factory=list)
    error: str | None = None
    ended: int = 0


class Batches:
    """What is known of the batches of each model, by unique id."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = defaultdict(_Model)

    def start(self, data: Any) -> None:
        self._models[data.node_info.unique_id]  # from now on the node is one that has batches

    def finish(self, data: Any) -> None:
        """Note the batch, which dbt names in words only: 'batch 2026-01-31 of model x'."""
        self._models[data.node_info.unique_id].ended += 1
        found = _DESCRIPTION.match(data.description)
        if found and data.status not in ("error", "skipped"):
            self._models[data.node_info.unique_id].built.append(_window(found[1]))

    def fail(self, data: Any) -> None:
        """Note why a batch failed; its result says only that it did."""
        if model := self._models.get(data.node_info.unique_id):
            model.error = model.error or database_error(data.exc.removeprefix(_ON_A_THREAD))

    def is_one(self, unique_id: str, result: Any) -> bool:
        """Whether it is a batch that ended, and not its model."""
        model = self._models.get(unique_id)
        if model is None or (_OF_THE_MODEL.fullmatch(result.message) and not _is_failed_batch(model, result)):
            return False
        model.ended = max(model.ended - 1, 0)
        if result.status == "error" and result.message != _FAILED:
            model.error = model.error or database_error(result.message)
        return True

    def added(self, event: ModelFinished) -> ModelFinished:
        """The end of a model, with its batches; dbt says only that some failed."""
        model = self._models.pop(event.unique_id, _Model())
        return replace(event, batches=tuple(model.built), error=event.error and (model.error or event.error))


def _is_failed_batch(model: _Model, result: Any) -> bool:
    return bool(result.message == _FAILED and model.ended)


def _window(text: str) -> tuple[datetime, datetime]:
    start = datetime.fromisoformat(text + _REST_OF_A_TIME[len(text)]).replace(tzinfo=UTC)
    return start, MicrobatchBuilder.offset_timestamp(start, _SIZES[len(text)], 1)
