"""W3C trace context, read from a request and handed on with every call made for it.

Spans are recorded, and sent to a collector, only when `telemetry.otlp_endpoint` is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import grpc
from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from souk_chassis.error import is_our_fault

_PROPAGATOR = TraceContextTextMapPropagator()
_IDS = RandomIdGenerator()
_ALSO_FAILED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


class Spans:
    """Starts the part of a trace that a request, or a call to an upstream, is."""

    def __init__(self, program: str, endpoint: str) -> None:
        self._provider: TracerProvider | None = None
        if endpoint:
            exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"), timeout=5)
            self._provider = TracerProvider(resource=Resource.create({"service.name": program}))
            self._provider.add_span_processor(BatchSpanProcessor(exporter))

    def server(self, method: str, headers: Mapping[str, str]) -> Span:
        """Starts the span of an arriving request; it continues the caller's trace if that is readable."""
        parent = otel.get_current_span(_PROPAGATOR.extract(headers, context=otel.set_span_in_context(otel.INVALID_SPAN)))
        return self._start(method, SpanKind.SERVER, parent.get_span_context())

    def client(self, method: str, parent: Span | None) -> Span:
        """Starts the span of a departing call."""
        context = parent.get_span_context() if parent else otel.INVALID_SPAN_CONTEXT
        return self._start(method, SpanKind.CLIENT, context)

    def _start(self, method: str, kind: SpanKind, parent: SpanContext) -> Span:
        if self._provider is None:
            return NonRecordingSpan(_below(parent))
        attributes = {"rpc.system.name": "grpc", "rpc.method": method}
        above = otel.set_span_in_context(NonRecordingSpan(parent) if parent.is_valid else otel.INVALID_SPAN)
        tracer = self._provider.get_tracer("souk-chassis")
        return tracer.start_span(method, context=above, kind=kind, attributes=attributes)

    def stop(self) -> None:
        """Sends what is left; called when the process stops."""
        if self._provider is not None:
            self._provider.shutdown()


def end(span: Span, code: grpc.StatusCode) -> None:
    """Ends a span with the outcome of its call."""
    span.set_attribute("rpc.response.status_code", code.name)
    if code is not grpc.StatusCode.OK:
        span.set_attribute("error.type", code.name)
    if is_our_fault(code) or code in _ALSO_FAILED:
        span.set_status(otel.StatusCode.ERROR, code.name)
    span.end()


def trace_id(span: Span) -> str:
    """Returns the 32 digits that name the trace in logs and in INTERNAL errors."""
    return otel.format_trace_id(span.get_span_context().trace_id)


def headers(span: Span) -> dict[str, str]:
    """Returns `traceparent`, and `tracestate` when there is one, for whatever is called from here."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context=otel.set_span_in_context(span))
    return carrier


def texts(metadata: Sequence[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """Returns the headers of a request that are text; of several with one name, the first."""
    found: dict[str, str] = {}
    for key, value in metadata or ():
        if not key.endswith("-bin"):
            found.setdefault(key, value if isinstance(value, str) else value.decode("latin-1"))
    return found


def _below(parent: SpanContext) -> SpanContext:
    if parent.is_valid:
        return SpanContext(parent.trace_id, _IDS.generate_span_id(), False, parent.trace_flags, parent.trace_state)
    return SpanContext(_IDS.generate_trace_id(), _IDS.generate_span_id(), False, TraceFlags(TraceFlags.SAMPLED))
