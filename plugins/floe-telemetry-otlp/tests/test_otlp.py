"""What receivers of OTLP get, and what becomes of a queue when they do not behave."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from pydantic import ValidationError

from floe_core.telemetry import (
    Distribution,
    LogLine,
    Point,
    Record,
    Resource,
    Span,
    SpanContext,
    TelemetryQueue,
)
from floe_telemetry_otlp import OtlpTelemetry
from testing.otlp_receiver import bad_receiver, otlp_receiver, values
from testing.polling import wait_for

STATE = Path("/somewhere/.floe")
SHOP = Resource("shop", "dev", "platform", "1.2.0", STATE)
TRACE, PARENT, OWN = "0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7", "b7ad6b7169203331"
SPAN = Span(
    SpanContext(TRACE, OWN),
    PARENT,
    "model",
    1_000,
    2_000,
    SHOP,
    {"model_name": "orders", "floe.rows": 7, "floe.published": False, "duration_ms": 0.001},
    "column 'x' is missing",
    (SpanContext("f" * 32, "e" * 16),),
    "floe.dbt",
)
COUNTER = Point("floe.models", "{model}", "counter", 3, 5, 9, SHOP, {"state": "succeeded"})
GAUGE = Point("floe.table.size", "By", "gauge", 1.5, 5, 9, SHOP, scope="floe.iceberg")
HISTOGRAM = Point("floe.run.duration", "s", "histogram", Distribution((1.0,), (2, 1), 4.5), 5, 9, SHOP)
LINE = LogLine(77, "error", "floe.run", "model failed", SHOP, SPAN.context, {"model_name": "orders"})


def exported(plugin: OtlpTelemetry, *records: Record, size: int = 5_000, state_dir: Path = STATE) -> int:
    """Send the records; how many of them were lost."""
    queue = TelemetryQueue(size)
    for record in records[:size]:  # before anybody is asked: what fits a batch is one
        queue.offer(record)
    queue.attach(plugin.exporters(state_dir), STATE)
    for record in records[size:]:
        queue.offer(record)
    return queue.close()


def attribute(key: str, kind: str, value: Any) -> dict[str, Any]:
    return {"key": key, "value": {f"{kind}Value": value}}


RESOURCE = {
    "attributes": [
        attribute("service.name", "string", "floe-shop"),
        attribute("service.namespace", "string", "platform"),
        attribute("service.version", "string", "1.2.0"),
        attribute("deployment.environment.name", "string", "dev"),
        attribute("telemetry.sdk.name", "string", "floe"),
        attribute("telemetry.sdk.language", "string", "python"),
        attribute("telemetry.sdk.version", "string", "0.1.0"),
    ]
}


def scope(name: str) -> dict[str, str]:
    return {"name": name, "version": "0.1.0"}


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.requirement("FR-040")
def test_spans_metrics_and_lines_arrive_as_the_protocol_has_them(compression: str) -> None:
    with otlp_receiver() as received:
        plugin = OtlpTelemetry(endpoint=received.url, compression=compression)
        assert exported(plugin, SPAN, COUNTER, GAUGE, HISTOGRAM, LINE) == 0
    spans, metrics, logs = (MessageToDict(request) for request in received.requests)
    told = {"traceId": "CvdlGRbNQ92ESOshHIAxnA==", "spanId": "t61rcWkgMzE="}
    assert spans["resourceSpans"] == [
        {
            "resource": RESOURCE,
            "scopeSpans": [
                {
                    "scope": scope("floe.dbt"),
                    "spans": [
                        {
                            **told,
                            "parentSpanId": "APBnqgupArc=",
                            "name": "model",
                            "kind": "SPAN_KIND_INTERNAL",
                            "startTimeUnixNano": "1000",
                            "endTimeUnixNano": "2000",
                            "attributes": [
                                attribute("model_name", "string", "orders"),
                                attribute("floe.rows", "int", "7"),
                                attribute("floe.published", "bool", False),
                                attribute("duration_ms", "double", 0.001),
                            ],
                            "events": [
                                {
                                    "timeUnixNano": "2000",
                                    "name": "exception",
                                    "attributes": [
                                        attribute("exception.message", "string", "column 'x' is missing")
                                    ],
                                }
                            ],
                            "links": [{"traceId": "/////////////////////w==", "spanId": "7u7u7u7u7u4="}],
                            "status": {"message": "column 'x' is missing", "code": "STATUS_CODE_ERROR"},
                            "flags": 1,
                        }
                    ],
                }
            ],
        }
    ]
    times = {"startTimeUnixNano": "5", "timeUnixNano": "9"}
    [of_resource] = metrics["resourceMetrics"]
    delta = "AGGREGATION_TEMPORALITY_DELTA"
    assert of_resource["scopeMetrics"] == [
        {
            "scope": scope("floe"),
            "metrics": [
                {
                    "name": "floe.models",
                    "unit": "{model}",
                    "sum": {
                        "aggregationTemporality": delta,
                        "isMonotonic": True,
                        "dataPoints": [
                            {
                                **times,
                                "asInt": "3",
                                "attributes": [attribute("state", "string", "succeeded")],
                            }
                        ],
                    },
                },
                {
                    "name": "floe.run.duration",
                    "unit": "s",
                    "histogram": {
                        "aggregationTemporality": delta,
                        "dataPoints": [
                            {
                                **times,
                                "count": "3",
                                "sum": 4.5,
                                "bucketCounts": ["2", "1"],
                                "explicitBounds": [1.0],
                            }
                        ],
                    },
                },
            ],
        },
        {
            "scope": scope("floe.iceberg"),
            "metrics": [
                {
                    "name": "floe.table.size",
                    "unit": "By",
                    "gauge": {"dataPoints": [{**times, "asDouble": 1.5}]},
                }
            ],
        },
    ]
    [of_logs] = logs["resourceLogs"]
    assert of_logs["scopeLogs"] == [
        {
            "scope": scope("floe.run"),
            "logRecords": [
                {
                    **told,
                    "timeUnixNano": "77",
                    "observedTimeUnixNano": "77",
                    "severityNumber": "SEVERITY_NUMBER_ERROR",
                    "severityText": "ERROR",
                    "body": {"stringValue": "model failed"},
                    "attributes": [attribute("model_name", "string", "orders")],
                    "flags": 1,
                }
            ],
        }
    ]


@pytest.mark.requirement("FR-040", "FR-065")
def test_over_tls_the_receiver_must_be_known_and_gets_the_headers(tmp_path: Path) -> None:
    pem = certificate(tmp_path / "receiver.pem")
    with otlp_receiver(tls=pem) as received:
        known = OtlpTelemetry(
            endpoint=f"{received.url}/tenant/",
            certificate="receiver.pem",
            headers={"authorization": "Bearer s3cret\n"},  # as a file of secrets ends
        )
        assert exported(known, SPAN, state_dir=tmp_path / ".floe") == 1  # there is nothing at that path
        known = known.model_copy(update={"endpoint": received.url})
        assert exported(known, SPAN, state_dir=tmp_path / ".floe") == 0
        assert exported(OtlpTelemetry(endpoint=received.url), SPAN) == 1
    assert len(received.spans()) == 1
    assert received.headers[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(known)


@pytest.mark.requirement("FR-040")
def test_the_same_goes_over_grpc() -> None:
    records = (SPAN, COUNTER, GAUGE, HISTOGRAM, LINE)
    with otlp_receiver() as received:
        assert exported(OtlpTelemetry(endpoint=received.url), *records) == 0
    with grpc_receiver() as (port, calls):
        plugin = OtlpTelemetry(
            endpoint=f"http://localhost:{port}", protocol="grpc", headers={"X-Key": "s3cret"}
        )
        assert exported(plugin, *records) == 0
    collector = "/opentelemetry.proto.collector"
    assert [call.method for call in calls] == [
        f"{collector}.trace.v1.TraceService/Export",
        f"{collector}.metrics.v1.MetricsService/Export",
        f"{collector}.logs.v1.LogsService/Export",
    ]
    assert [call.request for call in calls] == received.bodies
    assert {call.headers["x-key"] for call in calls} == {"s3cret"}


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.requirement("FR-040", "FR-065")
def test_a_receiver_that_asks_who_is_there_is_shown_the_client_s_certificate(
    tmp_path: Path, protocol: str
) -> None:
    shown, own, other = (certificate(tmp_path / f"{name}.pem") for name in ("receiver", "client", "other"))
    state_dir = tmp_path / ".floe"
    with _asking(protocol, shown, clients=own.with_suffix(".crt")) as (url, heard):
        known = OtlpTelemetry(
            endpoint=url, protocol=protocol, certificate="receiver.crt", client_certificate="client.pem"
        )
        strangers: list[dict[str, Any]] = [
            {"client_certificate": None},
            {"client_certificate": Path(other.name)},
        ]
        lost = [
            exported(known.model_copy(update=said), SPAN, state_dir=state_dir)
            for said in (*strangers, {"certificate": Path("other.crt")}, {})
        ]
    assert (lost, len(heard)) == ([1, 1, 1, 0], 1)


@contextmanager
def _asking(protocol: str, tls: Path, clients: Path) -> Iterator[tuple[str, list[Any]]]:
    """The URL of a receiver that hears only known clients, and what it heard."""
    if protocol == "grpc":
        with grpc_receiver(tls, clients) as (port, calls):
            yield f"https://localhost:{port}", calls
    else:
        with otlp_receiver(tls=tls, clients=clients) as received:
            yield received.url, received.requests


@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("status", [500, 503, 401])
@pytest.mark.requirement("FR-046")
def test_what_a_receiver_does_not_take_is_counted(status: int, size: int) -> None:
    with otlp_receiver(status=status) as received:
        assert exported(OtlpTelemetry(endpoint=received.url), *many(), size=size) == 6_000


@pytest.mark.slow
@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("kind", ["gone", "black hole", "trickles", "slow handshake"])
@pytest.mark.requirement("FR-046")
def test_nobody_waits_two_seconds_for_a_receiver(kind: str, protocol: str, size: int) -> None:
    with bad_receiver(kind) as url:
        plugin = OtlpTelemetry(endpoint=url, protocol=protocol)
        started = time.monotonic()
        assert exported(plugin, *many(), size=size) == 6_000
        assert time.monotonic() - started < 2


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("kind", ["gone", "black hole", "trickles", "slow handshake"])
@pytest.mark.requirement("FR-046")
def test_everything_a_bad_receiver_does_not_take_is_counted(kind: str) -> None:
    with bad_receiver(kind) as url:
        assert exported(OtlpTelemetry(endpoint=url), *many(), size=10) == 6_000


@pytest.mark.requirement("FR-046")
def test_a_receiver_that_comes_back_gets_what_still_waits() -> None:
    with otlp_receiver(status=503) as received:
        queue = TelemetryQueue()
        queue.attach(OtlpTelemetry(endpoint=received.url).exporters(STATE), STATE)
        for span in many(100):
            queue.offer(span)
        wait_for(lambda: received.refused > 0)
        received.status = 200
        assert queue.close() == 0
    assert len(received.spans()) == 100


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("localhost:4318", "expected a URL such as http://localhost:4318"),
        ("ftp://localhost", "expected a URL such as http://localhost:4318"),
        ("http://me:pw@localhost", "a URL holds no password: name it in 'headers'"),
        ("http://localhost:4318/\r\nX: y", "expected a URL such as http://localhost:4318"),
        ("http://localhost/v1?key=1", "a URL of a receiver ends with its path: '?' and '#' are not sent"),
    ],
)
@pytest.mark.requirement("FR-051", "FR-065")
def test_an_endpoint_is_a_url_without_a_password(endpoint: str, reason: str) -> None:
    with pytest.raises(ValidationError) as raised:
        OtlpTelemetry(endpoint=endpoint)
    assert [error["msg"] for error in raised.value.errors()] == [reason]


@pytest.mark.requirement("FR-046", "FR-065")
@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("value", ["s3cret\r\nX-More: 1", "s3cret\u20ac"])
def test_a_secret_that_is_no_header_is_refused_before_anything_is_sent(
    protocol: Literal["http", "grpc"], value: str
) -> None:
    plugin = OtlpTelemetry(protocol=protocol, headers={"authorization": value})
    with pytest.raises(ValueError, match=r"^the header 'authorization' has to be one line of ASCII$"):
        plugin.exporters(STATE)


@pytest.mark.requirement("FR-046")
def test_what_cannot_be_written_costs_no_other_record() -> None:
    odd = replace(SPAN, error="no file 'caf\udce9'", attributes={"\udce9": "caf\udce9", "rows": 2**63})
    with otlp_receiver() as received:
        assert exported(OtlpTelemetry(endpoint=received.url), SPAN, odd, replace(LINE, message="\udce9")) == 0
    (_, (_, _, span)), ((_, _, line),) = received.spans(), received.lines()
    assert span.status.message == r"no file 'caf\udce9'"
    assert values(span.attributes) == {r"\udce9": r"caf\udce9", "rows": str(2**63)}
    assert line.body.string_value == r"\udce9"


@pytest.mark.requirement("FR-055")
def test_its_health_is_whether_somebody_listens() -> None:
    with otlp_receiver() as received:
        assert OtlpTelemetry(endpoint=received.url).health(STATE).healthy
    with bad_receiver("gone") as gone:
        health = OtlpTelemetry(endpoint=gone).health(STATE)
    assert (health.healthy, health.lasting) == (False, False)
    assert health.reason == f"no receiver at '{gone}': Connection refused"


def many(count: int = 6_000) -> Iterator[Span]:
    for number in range(count):
        yield Span(SpanContext(TRACE, f"{number + 1:016x}"), OWN, "model", 1, 2, SHOP)


@dataclass(frozen=True)
class Call:
    """What a gRPC server was called with."""

    method: str
    request: bytes
    headers: dict[str, Any]


@contextmanager
def grpc_receiver(tls: Path | None = None, clients: Path | None = None) -> Iterator[tuple[int, list[Call]]]:
    """A gRPC server whose every method keeps what it is called with, and answers an empty message.

    With ``tls`` it shows that, with ``clients`` it hears only those that this file vouches for.
    """
    calls: list[Call] = []

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # it ships no types
        def service(self, details: Any) -> Any:
            def call(request: bytes, _: Any) -> bytes:
                calls.append(Call(details.method, request, dict(details.invocation_metadata)))
                return b""

            return grpc.unary_unary_rpc_method_handler(call)

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Handler()])
    if tls:
        own = (tls.read_bytes(), tls.with_suffix(".crt").read_bytes())
        known = clients and clients.read_bytes()
        port = server.add_secure_port(
            "127.0.0.1:0", grpc.ssl_server_credentials([own], known, known is not None)
        )
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port, calls
    finally:
        server.stop(0).wait()


def certificate(path: Path) -> Path:
    """A certificate for localhost that vouches for itself, with its key, in one file."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(path), "-out", str(path.with_suffix(".crt"))),
        ],
        check=True,
        capture_output=True,
    )
    with path.open("ab") as file:
        file.write(path.with_suffix(".crt").read_bytes())
    return path
