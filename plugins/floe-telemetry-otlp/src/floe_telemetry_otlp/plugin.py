"""The plugin's face: protobuf and gRPC are imported only where something is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from floe_core.plugins.base import Health, PluginMetadata
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.telemetry import Exporter
from floe_core.telemetry.endpoint import Endpoint, EndpointUrl


class OtlpTelemetry(TelemetryBackendPlugin):
    """A collector, or whatever else takes OTLP."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="otlp", version=version("floe-telemetry-otlp"), instrumentation="floe.telemetry"
    )

    endpoint: EndpointUrl = Field(
        "http://localhost:4318", description="The receiver's URL; with https it must prove who it is."
    )
    protocol: Literal["http", "grpc"] = Field(
        "http", description="How it is spoken to; 4318 is usual for 'http', 4317 for 'grpc'."
    )
    headers: Mapping[str, SecretStr] = Field(
        {}, description="Headers of each request, such as 'authorization', each a reference."
    )
    certificate: Path | None = Field(
        None, description="A file with the authorities to trust, relative to the manifest; else the system's."
    )
    client_certificate: Path | None = Field(
        None, description="A file with the certificate, and its key, to show the receiver."
    )
    compression: Literal["none", "gzip"] = Field("none", description="How requests are compressed.")

    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        from floe_telemetry_otlp.exporter import exporters  # protobuf is needed here only

        folder, endpoint = state_dir.parent, Endpoint.of(self.endpoint)
        return exporters(
            endpoint,
            protocol=self.protocol,
            headers={name: secret.get_secret_value() for name, secret in self.headers.items()},
            authorities=self.certificate and folder / self.certificate,
            own=self.client_certificate and folder / self.client_certificate,
            gzip=self.compression == "gzip",
        )

    def health(self, state_dir: Path) -> Health:
        if reason := Endpoint.of(self.endpoint).unreachable():
            return Health(healthy=False, reason=f"no receiver at '{self.endpoint}': {reason}")
        return Health(healthy=True)
