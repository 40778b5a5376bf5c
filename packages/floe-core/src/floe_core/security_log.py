"""Security events: who was not let in, or tried what they may not, as one shape under one logger."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from floe_core import telemetry
from floe_core.telemetry.log_lines import event_of
from floe_core.telemetry.logs import tell

LOGGER = "floe.security"


@dataclass(frozen=True)
class SecurityEvent:
    """A refusal. ``service`` is who refused, ``action`` what was asked, ``resource`` of what."""

    kind: Literal["authentication", "authorization"]
    service: str
    action: str
    reason: str
    resource: str | None = None
    principal: str | None = None

    @property
    def message(self) -> str:
        return "authentication failed" if self.kind == "authentication" else "privilege violation"

    def attributes(self) -> dict[str, str]:
        """What a log line says of it."""
        said = {f"security.{name}": value for name, value in asdict(self).items() if value is not None}
        return {"event.name": f"floe.security.{self.kind}", "security.outcome": "refused", **said}


def report(event: SecurityEvent) -> None:
    """Log the event with the work that is going on; without any, beside the state nearest to here."""
    if telemetry.subject() is not None:
        tell(LOGGER, "warning", event.message, event.attributes())
        return
    state_dir = _nearest_state()
    if state_dir is None:
        return
    resource = telemetry.Resource("", "", "", "", state_dir)
    line = telemetry.LogLine(
        time.time_ns(), "warning", LOGGER, event.message, resource, attributes=event.attributes()
    )
    text = telemetry.redacted(json.dumps(event_of(line), ensure_ascii=False))
    with suppress(OSError):  # whoever asked hears of the refusal all the same
        path = state_dir / "logs" / "floe.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def _nearest_state() -> Path | None:
    here = Path.cwd()
    return next((folder / ".floe" for folder in (here, *here.parents) if (folder / ".floe").is_dir()), None)
