package chassis

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
)

const spansTimeout = 5 * time.Second

// spans makes spans for an OpenTelemetry collector and sends them in the background. It is nil
// unless telemetry.otlp_endpoint is set.
type spans struct {
	provider *sdktrace.TracerProvider
	tracer   oteltrace.Tracer
}

// openSpans returns nil without an endpoint.
func openSpans(endpoint, service string, log *slog.Logger) (*spans, error) {
	if endpoint == "" {
		return nil, nil
	}
	// An unreachable collector affects no request, and its errors are no lines of another form.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Debug("spans are lost: " + err.Error()) }))
	exporter, err := otlptracegrpc.New(context.Background(),
		otlptracegrpc.WithEndpointURL(endpoint), otlptracegrpc.WithTimeout(spansTimeout))
	if err != nil {
		return nil, &StartError{"telemetry.otlp_endpoint: " + err.Error()}
	}
	named := resource.NewSchemaless(attribute.String("service.name", service))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(named))
	return &spans{provider: provider, tracer: provider.Tracer("souk-chassis")}, nil
}

// start starts a span below the trace's parent; a client's below the position itself. It returns the
// position that the span is.
func (spans *spans) start(kind oteltrace.SpanKind, method string, here trace) (*span, trace) {
	if spans == nil {
		if kind == oteltrace.SpanKindClient {
			return nil, here.child()
		}
		return nil, here
	}
	above := here.parent
	if kind == oteltrace.SpanKindClient {
		above = here.span
	}
	ctx := context.Background()
	if above != "" {
		ctx = oteltrace.ContextWithSpanContext(ctx, here.spanContext(above))
	}
	attributes := oteltrace.WithAttributes(attribute.String("rpc.system.name", "grpc"), attribute.String("rpc.method", method))
	_, started := spans.tracer.Start(ctx, method, oteltrace.WithSpanKind(kind), attributes)
	ids := started.SpanContext()
	return &span{started}, here.with(ids.TraceID().String(), ids.SpanID().String())
}

func (here trace) spanContext(span string) oteltrace.SpanContext {
	traceID, _ := oteltrace.TraceIDFromHex(here.id)
	spanID, _ := oteltrace.SpanIDFromHex(span)
	flags := oteltrace.TraceFlags(here.flags) & oteltrace.FlagsSampled
	return oteltrace.NewSpanContext(oteltrace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: flags, Remote: true})
}

// stop sends what is left; called when the process stops.
func (spans *spans) stop() {
	if spans == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), spansTimeout)
	defer cancel()
	_ = spans.provider.Shutdown(ctx)
}

// span is one running span; nil when there are none.
type span struct{ running oteltrace.Span }

func (span *span) end(code codes.Code) {
	if span == nil {
		return
	}
	name := codeName(code)
	span.running.SetAttributes(attribute.String("rpc.response.status_code", name))
	if code != codes.OK {
		span.running.SetAttributes(attribute.String("error.type", name))
	}
	if isOurFault(code) || code == codes.Unavailable || code == codes.DeadlineExceeded {
		span.running.SetStatus(otelcodes.Error, name)
	}
	span.running.End()
}
