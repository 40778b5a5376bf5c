"""The lake as one invocation of dbt gets at it: in floe's run, or by hand."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from dbt.adapters.floe.platform import Opened, opened

from floe_core.lake import RunIdentity
from floe_core.run import DEFAULT_ENVIRONMENT
from floe_iceberg import IcebergTableManager, RunTransaction, current_run


class Access:
    """In floe's run everything is its transaction's. By hand, each model is a run of its own.

    Such a run is the thread's, from ``begin`` to ``publish``. It keeps maintenance off, but no other run:
    whoever published a table it wrote meanwhile makes it fail, and the other way round.
    """

    def __init__(self, project_dir: Path) -> None:
        self._project_dir = project_dir
        self._thread = threading.local()
        self._opening = threading.Lock()

    @property
    def run(self) -> RunTransaction | None:
        """What reads see the writes of; None where they see what is published."""
        own: RunTransaction | None = getattr(self._thread, "run", None)
        return current_run() or own

    @property
    def manager(self) -> IcebergTableManager:
        run = current_run()
        if run is not None:
            assert isinstance(run.manager, IcebergTableManager)  # a run is opened through the one door
            return run.manager
        with self._opening:
            return self._opened.lake

    @property
    def tmp(self) -> Path | None:
        """Where to put what does not fit into memory, if somebody has said it."""
        run = current_run()
        if run is not None:
            return run.tmp
        with self._opening:
            return self._opened.tmp

    @contextmanager
    def writing(self) -> Iterator[RunTransaction]:
        """The run to write in; one of its own, published at the end, where none is going."""
        run = self.run
        if run is not None:
            yield run
            return
        run = self._new_run()
        yield run
        run.publish()

    def begin(self) -> bool:
        """Begin the run of a model, if it is built by hand."""
        if current_run() is not None:
            return False
        self._thread.run = self._new_run()
        return True

    def publish(self) -> None:
        """Publish what the model's run wrote, if it has one."""
        own: RunTransaction | None = getattr(self._thread, "run", None)
        if own is not None:
            own.publish()
            self.leave()

    def leave(self) -> None:
        """Be done with the model's run; what it has not published is left on its branch."""
        self._thread.run = None

    @cached_property
    def _opened(self) -> Opened:
        return opened(self._project_dir)

    def _new_run(self) -> RunTransaction:
        manager, artifacts = self.manager, self._opened.artifacts
        identity = RunIdentity(
            run_id=str(uuid.uuid4()),
            attempt=1,
            product=artifacts.metadata.product_name,
            environment=DEFAULT_ENVIRONMENT,
            artifact_digest=artifacts.digest,
            trace_id=secrets.token_hex(16),
        )
        return RunTransaction(manager, identity)
