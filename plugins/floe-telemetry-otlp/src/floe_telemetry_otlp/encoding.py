"""Records as OTLP's messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1 import metrics_pb2 as m
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2 as t

from floe_core.telemetry import Distribution, LogLine, Point, Resource, Span, Value

_VERSION = version("floe-telemetry-otlp")
_SEVERITIES = {"debug": 5, "info": 9, "warning": 13, "error": 17, "critical": 21}
_DELTA = m.AGGREGATION_TEMPORALITY_DELTA


def traces_of(spans: Sequence[Span]) -> ExportTraceServiceRequest:
    """Spans by who told them."""
    request = ExportTraceServiceRequest()
    for resource, scopes in _grouped(spans, lambda span: span.scope).items():
        of_resource = request.resource_spans.add(resource=_resource(resource))
        for scope, told in scopes.items():
            of_resource.scope_spans.add(scope=_scope(scope), spans=map(_span, told))
    return request


def metrics_of(points: Sequence[Point]) -> ExportMetricsServiceRequest:
    """Points by metric; counters and histograms are deltas, which add up over many short processes."""
    request = ExportMetricsServiceRequest()
    for resource, scopes in _grouped(points, lambda point: point.scope).items():
        of_resource = request.resource_metrics.add(resource=_resource(resource))
        for scope, told in scopes.items():
            of_scope = of_resource.scope_metrics.add(scope=_scope(scope))
            by_name: dict[str, list[Point]] = defaultdict(list)
            for point in told:
                by_name[point.name].append(point)
            of_scope.metrics.extend(_metric(same) for same in by_name.values())
    return request


def logs_of(lines: Sequence[LogLine]) -> ExportLogsServiceRequest:
    """Log lines by logger."""
    request = ExportLogsServiceRequest()
    for resource, loggers in _grouped(lines, lambda line: line.logger).items():
        of_resource = request.resource_logs.add(resource=_resource(resource))
        for logger, told in loggers.items():
            of_resource.scope_logs.add(scope=_scope(logger), log_records=map(_line, told))
    return request


def _grouped(records: Iterable[Any], part_of: Any) -> dict[Resource, dict[str, list[Any]]]:
    groups: dict[Resource, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        groups[record.resource][part_of(record)].append(record)
    return groups


def _resource(resource: Resource) -> resource_pb2.Resource:
    """No ``service.instance.id``: counters of short processes would each be a series of their own."""
    said = {
        "service.name": resource.service,
        "service.namespace": resource.platform,
        "service.version": resource.version,
        "deployment.environment.name": resource.environment,
        "telemetry.sdk.name": "floe",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": _VERSION,
    }
    return resource_pb2.Resource(attributes=_attributes(said))


def _scope(name: str) -> InstrumentationScope:
    return InstrumentationScope(name=name, version=_VERSION)


def _span(span: Span) -> t.Span:
    return t.Span(
        trace_id=bytes.fromhex(span.context.trace_id),
        span_id=bytes.fromhex(span.context.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        kind=t.Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=_attributes(span.attributes),
        links=[
            t.Span.Link(trace_id=bytes.fromhex(link.trace_id), span_id=bytes.fromhex(link.span_id))
            for link in span.links
        ],
        events=[
            t.Span.Event(
                time_unix_nano=span.end_ns,
                name="exception",
                attributes=_attributes({"exception.message": span.error}),
            )
        ]
        if span.error is not None
        else [],
        status=t.Status(code=t.Status.STATUS_CODE_ERROR, message=span.error)
        if span.error is not None
        else None,
        flags=1,
    )


def _line(line: LogLine) -> LogRecord:
    context = line.context
    return LogRecord(
        time_unix_nano=line.time_ns,
        observed_time_unix_nano=line.time_ns,
        severity_number=_SEVERITIES[line.level],  # type: ignore[arg-type]  # an enum is an int on the wire
        severity_text=line.level.upper(),
        body=AnyValue(string_value=line.message),
        attributes=_attributes(line.attributes),
        trace_id=bytes.fromhex(context.trace_id) if context else b"",
        span_id=bytes.fromhex(context.span_id) if context else b"",
        flags=1 if context else 0,
    )


def _metric(points: Sequence[Point]) -> m.Metric:
    first = points[0]
    match first.kind:
        case "histogram":
            return m.Metric(
                name=first.name,
                unit=first.unit,
                histogram=m.Histogram(aggregation_temporality=_DELTA, data_points=map(_histogram, points)),
            )
        case "counter":
            sums = m.Sum(aggregation_temporality=_DELTA, is_monotonic=True, data_points=map(_number, points))
            return m.Metric(name=first.name, unit=first.unit, sum=sums)
        case "gauge":
            return m.Metric(name=first.name, unit=first.unit, gauge=m.Gauge(data_points=map(_number, points)))


def _number(point: Point) -> m.NumberDataPoint:
    assert not isinstance(point.value, Distribution)  # its kind says so
    made = m.NumberDataPoint(
        start_time_unix_nano=point.start_ns,
        time_unix_nano=point.time_ns,
        attributes=_attributes(point.attributes),
    )
    if isinstance(point.value, int):
        made.as_int = point.value
    else:
        made.as_double = point.value
    return made


def _histogram(point: Point) -> m.HistogramDataPoint:
    assert isinstance(point.value, Distribution)  # its kind says so
    return m.HistogramDataPoint(
        start_time_unix_nano=point.start_ns,
        time_unix_nano=point.time_ns,
        attributes=_attributes(point.attributes),
        count=sum(point.value.counts),
        sum=point.value.sum,
        bucket_counts=point.value.counts,
        explicit_bounds=point.value.bounds,
    )


def _attributes(said: Mapping[str, Value]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in said.items()]


def _value(value: Value) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case _:
            return AnyValue(string_value=value)
