"""The environment of a test process: no statistics sent, no settings of whoever runs it, no network."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dbt_common.tests import enable_test_caching

from floe_core.telemetry import queue
from testing.no_network import floe_offline

_QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.invalid",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.invalid",
}
AS_SHIPPED = {"BUDGET_S": queue.BUDGET_S, "EXPORT_S": queue.EXPORT_S}
_PATIENCE_S = 60.0
_PERSONAL = ("DAGSTER_", "DBT_", "FLOE_", "OTEL_", "PYICEBERG_", "XDG_")


@dataclass
class TestEnvironment:
    """What one test process may see and reach; ``scratch`` is a folder of its own."""

    __test__ = False

    scratch: Path
    _told: int = field(default=0, init=False)

    @property
    def _log(self) -> Path:
        return self.scratch / "network.log"

    def enter(self) -> None:
        """Change ``os.environ`` and install the audit hook, which stays for the life of the process."""
        os.environ.setdefault("UV_CACHE_DIR", str(_caches() / "uv"))  # what is installed was fetched once
        for name in [name for name in os.environ if name.startswith(_PERSONAL)]:
            del os.environ[name]
        home = self.scratch / "home"
        home.mkdir(parents=True)
        self._log.touch()
        os.environ.update(_QUIET, HOME=str(home))
        os.environ[floe_offline.LOG] = str(self._log)
        _hear_signals()
        _have_patience()
        enable_test_caching()  # dbt's own: 600 macros that every project has are parsed once in a process
        _prepend_to_pythonpath(Path(floe_offline.__file__).parent)
        if "sitecustomize" not in sys.modules or "floe_offline" not in sys.modules:
            sys.addaudithook(floe_offline.refuse)

    def connections(self) -> list[str]:
        """What tried to leave the machine since the last call."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        fresh, self._told = lines[self._told :], len(lines)
        return fresh


def _hear_signals() -> None:
    """Undo what ``&`` and ``nohup`` make a shell's jobs, and all they start, ignore."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _have_patience() -> None:
    """On a machine that has much else to do telemetry is late, and lost where it has a second to arrive."""
    for limit in AS_SHIPPED:
        setattr(queue, limit, _PATIENCE_S)


def _caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _prepend_to_pythonpath(folder: Path) -> None:
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    if str(folder) not in others:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *others])
