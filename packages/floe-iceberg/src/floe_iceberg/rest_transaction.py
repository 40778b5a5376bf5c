"""One commit over REST, to its end: made once, or known not to be, or told to be unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from floe_core.errors import Problem, ServiceError, WorkError
from floe_iceberg._pyiceberg import RestClient
from floe_iceberg.catalog import Moved, UnknownOutcome
from floe_iceberg.rest_answer import Answer, answer
from floe_iceberg.rest_commit import RestChange
from floe_iceberg.rest_session import Patience, pauses
from floe_iceberg.table import TableId

_Tables = Mapping[TableId, TableMetadata | None]


class RestTransaction:
    """Asks again what may be asked again: a change asserts what it stands on, so it lands at most once."""

    def __init__(
        self, client: RestClient, patience: Patience, load: Callable[[TableId], Table | None]
    ) -> None:
        self._client = client
        self._patience = patience
        self._load = load

    def make(self, changes: Sequence[RestChange]) -> Answer:
        """Make all of them; raises Moved, WorkError or UnknownOutcome as ``TableCatalog.commit`` does."""
        left, doubt = list(changes), False
        for pause_s in pauses(self._patience):
            told = self._ask(left)
            if told.kind == "done":
                return told
            doubt = doubt or told.kind == "unclear"
            left, tables = self._look(left, told)
            if not left:
                return Answer("done")
            if told.kind != "unclear" and not (doubt and _may_come_late(left, tables)):
                self._take_back([change for change in changes if change not in left])
                raise self._refused(left, tables, told)
            if pause_s is None:
                raise self._unknown(told)
            time.sleep(pause_s)
        raise AssertionError("the last pause is None")

    def settle(self, changes: Sequence[RestChange]) -> None:
        """Make what is missing of changes of which some have landed; take them back if that cannot be."""
        left = [change for change in changes if not self._landed(change)]
        if not left or len(left) == len(changes):
            return
        try:
            self.make(left)
        except Moved:
            self._take_back([change for change in changes if change not in left])

    def _ask(self, changes: Sequence[RestChange]) -> Answer:
        if len(changes) == 1:
            [change] = changes
            return answer(lambda: self._client.post_table(*change.name, change.forward))
        return answer(lambda: self._client.post_transaction([change.forward for change in changes]))

    def _look(self, changes: Sequence[RestChange], told: Answer) -> tuple[list[RestChange], _Tables]:
        """The changes that have not landed, and their tables as they are now."""
        try:
            found = {change.name: self._load(change.name) for change in changes if change.leaves_a_trace}
        except ServiceError as error:
            raise self._unknown(told) from error
        tables = {name: table.metadata if table else None for name, table in found.items()}
        return [change for change in changes if not change.landed(tables.get(change.name))], tables

    def _landed(self, change: RestChange) -> bool:
        table = self._load(change.name)
        return change.landed(table.metadata if table else None)

    def _take_back(self, landed: Sequence[RestChange]) -> None:
        """Let tables be as they were before they were published without the others."""
        torn = [change.name for change in landed if not self._taken_back(change)]
        if torn:
            names = ", ".join(f"'{name}'" for name in torn)
            raise ServiceError(
                Problem(
                    "FLOE-E623",
                    f"the catalog '{self._client.name}' published {names} without the run's other tables",
                    hint="it makes no commits over several tables; run again to publish the others",
                )
            )

    def _taken_back(self, change: RestChange) -> bool:
        if change.undo is None:
            return False
        for pause_s in pauses(self._patience):
            told = answer(lambda: self._client.post_table(*change.name, change.undo))
            if told.kind == "done" or not self._landed(change):
                return True
            if told.kind != "unclear" or pause_s is None:
                return False
            time.sleep(pause_s)
        return False

    def _refused(self, left: Sequence[RestChange], tables: _Tables, told: Answer) -> Exception:
        overtaken = any(change.is_overtaken(tables.get(change.name)) for change in left)
        if told.kind == "moved" or overtaken:
            return Moved([change.name for change in left])
        return WorkError(
            Problem(
                "FLOE-E603",
                f"the catalog '{self._client.name}' did not take the commit: {told.reason}",
                hint="nothing was changed; run again",
            )
        )

    def _unknown(self, told: Answer) -> UnknownOutcome:
        return UnknownOutcome(
            Problem(
                "FLOE-E604",
                f"the catalog '{self._client.name}' went away during a commit, which may have landed or not: "
                f"{told.reason}",
                hint="look at the tables once it is back: all of them moved, or none",
            )
        )


def _may_come_late(changes: Sequence[RestChange], tables: _Tables) -> bool:
    """Whether an earlier request whose answer was lost may still be on its way to land."""
    return any(change.leaves_a_trace and not change.is_fenced(tables[change.name]) for change in changes)
