"""The three signals, each on its own way to the receiver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from floe_core.security_log import SecurityEvent, report
from floe_core.telemetry import Exporter, LogLine, NotAllowed, Point, Record, Refused, Span
from floe_core.telemetry.endpoint import Endpoint
from floe_telemetry_otlp.encoding import logs_of, metrics_of, traces_of

_COLLECTOR = "/opentelemetry.proto.collector"


class Transport(Protocol):
    """A way to the receiver of one signal."""

    def send(self, body: bytes, timeout_s: float) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Signal:
    """A kind of record: how it is written, where it goes, what comes back."""

    kind: type[Record]
    encode: Callable[[Sequence[Any]], Any]
    path: str
    method: str
    answer: type[Any]
    refused: str


SIGNALS = (
    Signal(
        Span,
        traces_of,
        "/v1/traces",
        f"{_COLLECTOR}.trace.v1.TraceService/Export",
        ExportTraceServiceResponse,
        "rejected_spans",
    ),
    Signal(
        Point,
        metrics_of,
        "/v1/metrics",
        f"{_COLLECTOR}.metrics.v1.MetricsService/Export",
        ExportMetricsServiceResponse,
        "rejected_data_points",
    ),
    Signal(
        LogLine,
        logs_of,
        "/v1/logs",
        f"{_COLLECTOR}.logs.v1.LogsService/Export",
        ExportLogsServiceResponse,
        "rejected_log_records",
    ),
)


class OtlpExporter:
    """Hands one kind of record on."""

    def __init__(self, signal: Signal, transport: Transport) -> None:
        self._signal = signal
        self._transport = transport
        self._reported = False

    def wants(self, record: Record) -> bool:
        return isinstance(record, self._signal.kind)

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        body = self._signal.encode(records).SerializeToString()
        try:
            answer = self._signal.answer.FromString(self._transport.send(body, timeout_s))
        except NotAllowed as error:
            self._report(str(error))
            raise
        if refused := getattr(answer.partial_success, self._signal.refused):
            raise Refused(answer.partial_success.error_message, refused)

    def close(self) -> None:
        self._transport.close()

    def _report(self, reason: str) -> None:
        """Log it once: the line itself goes the same way."""
        if not self._reported:
            self._reported = True
            report(SecurityEvent("authentication", "telemetry 'otlp'", "export", reason, self._signal.path))


def exporters(
    endpoint: Endpoint,
    *,
    protocol: Literal["http", "grpc"],
    headers: Mapping[str, str],
    authorities: Path | None,
    own: Path | None,
    gzip: bool,
) -> list[Exporter]:
    """One exporter for each signal: when one of them is refused, the others go on."""
    if protocol == "grpc":
        from floe_telemetry_otlp.rpc import RpcTransport  # not for those who speak HTTP

        return [
            OtlpExporter(
                signal,
                RpcTransport(endpoint, signal.method, headers, authorities=authorities, own=own, gzip=gzip),
            )
            for signal in SIGNALS
        ]
    from floe_core.telemetry.http import HttpTransport

    return [
        OtlpExporter(
            signal,
            HttpTransport(endpoint, signal.path, headers, authorities=authorities, own=own, gzip=gzip),
        )
        for signal in SIGNALS
    ]
