"""``floe dev``, stopped at an awkward moment; what it serves is looked at where Dagster is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from testing.command_line import Floe, write

pytestmark = pytest.mark.xdist_group("cli")

# whoever is told the URL presses Ctrl-C in the same moment
IMPATIENT = """
import os, signal
from pathlib import Path
from typing import ClassVar
from floe_core.plugins import PluginMetadata
from floe_core.plugins.orchestrator import Served
from floe_orchestrator_dagster import DagsterOrchestratorPlugin

class Told(Served):
    def __getattribute__(self, name):
        if name == "url":
            os.kill(os.getpid(), signal.SIGINT)
        return super().__getattribute__(name)

class Impatient(DagsterOrchestratorPlugin):
    metadata: ClassVar[PluginMetadata] = PluginMetadata(name="impatient", version="1.2")

    def serve(self, locations, *, port, keep):
        return Told("http://127.0.0.1:20001", (), False)

    def stop(self, state_dir):
        (state_dir / "ended").touch()
        return True
"""


@pytest.mark.requirement("FR-087", "FR-027")
def test_what_it_started_is_ended_also_when_it_is_stopped_while_it_says_where(
    floe: Floe, shop: Path, install: Callable[[str, str, str], None]
) -> None:
    install("an-impatient", "[floe.orchestrators]\nimpatient = an_impatient:Impatient\n", IMPATIENT)
    write(shop, {"manifest.yaml": "metadata: {name: p}\nplugins: {orchestrator: {type: impatient}}\n"})
    (shop / ".floe").mkdir()
    stopped = floe("dev", "--port", "20001")
    assert (stopped.status, stopped.stdout.splitlines()[-1]) == (0, "stopped"), stopped.stderr
    assert (shop / ".floe/ended").exists()
