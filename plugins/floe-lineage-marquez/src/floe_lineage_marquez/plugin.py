"""Events of OpenLineage, posted one by one as its HTTP API has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from pydantic import Field, SecretStr

from floe_core.plugins.base import Health, PluginMetadata
from floe_core.plugins.lineage import LineageBackendPlugin
from floe_core.security_log import SecurityEvent, report
from floe_core.telemetry import Exporter, LineageEvent, NotAllowed, Record, Refused, TryLater
from floe_core.telemetry.endpoint import Endpoint, EndpointUrl
from floe_core.telemetry.http import HttpTransport


class MarquezPlugin(LineageBackendPlugin):
    """Marquez, or another receiver of OpenLineage over HTTP."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="marquez", version=version("floe-lineage-marquez"), instrumentation="floe.lineage"
    )

    url: EndpointUrl = Field(
        "http://localhost:5000", description="Where it listens; with https it must prove who it is."
    )
    path: str = Field(
        "/api/v1/lineage", pattern="^/[^ ]*$", description="What events are posted to, below the URL."
    )
    api_key: SecretStr | None = Field(None, description="Sent as a bearer token, a reference.")
    certificate: Path | None = Field(
        None, description="A file with the authorities to trust, relative to the manifest; else the system's."
    )

    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        key = self.api_key.get_secret_value() if self.api_key else None
        return (
            _Exporter(
                HttpTransport(
                    Endpoint.of(self.url),
                    self.path,
                    {"Authorization": f"Bearer {key}"} if key else {},
                    authorities=self.certificate and state_dir.parent / self.certificate,
                    own=None,
                    gzip=False,
                    content_type="application/json",
                ),
                self.path,
            ),
        )

    def health(self, state_dir: Path) -> Health:
        if reason := Endpoint.of(self.url).unreachable():
            return Health(healthy=False, reason=f"no Marquez at '{self.url}': {reason}")
        return Health(healthy=True)


class _Exporter:
    """Hands events on in their order; of the same ones that come again only those that had not arrived."""

    def __init__(self, transport: HttpTransport, path: str) -> None:
        self._transport = transport
        self._path = path
        self._reported = False
        self._arrived: set[bytes] = set()

    def wants(self, record: Record) -> bool:
        return isinstance(record, LineageEvent)

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        until, refused, bodies = time.monotonic() + timeout_s, list[str](), list(map(_encoded, records))
        for body in bodies:
            if body in self._arrived:
                continue
            left = until - time.monotonic()
            if left <= 0:
                raise TryLater("the receiver took too long")
            try:
                self._transport.send(body, left)
            except Refused as error:
                refused.append(str(error))
                if isinstance(error, NotAllowed):
                    self._report(str(error))
            self._arrived.add(body)
        self._arrived.difference_update(bodies)
        if refused:
            raise Refused(refused[0], len(refused))

    def close(self) -> None:
        self._transport.close()

    def _report(self, reason: str) -> None:
        """Log it once: the next event is refused as well."""
        if not self._reported:
            self._reported = True
            report(SecurityEvent("authentication", "lineage 'marquez'", "export", reason, self._path))


def _encoded(record: Record) -> bytes:
    assert isinstance(record, LineageEvent)  # no others are wanted
    return record.text.encode()
