package example.acme.chassis;

import io.grpc.Metadata;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.IdGenerator;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SdkTracerProviderBuilder;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Spans of requests, in the trace of their callers (C-TRACE). */
final class Traces {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final TextMapGetter<Metadata> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Metadata headers) {
          return headers.keys();
        }

        @Override
        public String get(Metadata headers, String key) {
          return headers.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
        }
      };

  private static final IdGenerator IDS = IdGenerator.random();

  private final boolean isExporting;
  private final SdkTracerProvider provider;
  private final Tracer tracer;

  Traces(String endpoint, String service) {
    isExporting = !endpoint.isEmpty();
    SdkTracerProviderBuilder builder = SdkTracerProvider.builder();
    builder.setResource(Resource.builder().put("service.name", service).build());
    if (isExporting) {
      OtlpGrpcSpanExporter exporter = OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).setTimeout(TIMEOUT).build();
      builder.addSpanProcessor(BatchSpanProcessor.builder(exporter).build());
    }
    provider = builder.build();
    tracer = provider.get("souk-chassis");
  }

  /** Starts the span of a request: below its caller's, or in a new trace. */
  Span start(Metadata headers, String method) {
    Context parent = W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS);
    if (!isExporting) {
      return position(Span.fromContext(parent).getSpanContext());
    }
    return tracer
        .spanBuilder(method)
        .setParent(parent)
        .setSpanKind(SpanKind.SERVER)
        .setAttribute(AttributeKey.stringKey("rpc.system.name"), "grpc")
        .setAttribute(AttributeKey.stringKey("rpc.method"), method)
        .startSpan();
  }

  /** Returns a span that is not recorded. */
  private static Span position(SpanContext parent) {
    String trace = parent.isValid() ? parent.getTraceId() : IDS.generateTraceId();
    return Span.wrap(SpanContext.create(trace, IDS.generateSpanId(), TraceFlags.getSampled(), parent.getTraceState()));
  }

  /** Sends what is left. */
  void stop() {
    provider.shutdown().join(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }
}
