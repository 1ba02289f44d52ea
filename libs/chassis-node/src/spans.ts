/** Spans for an OpenTelemetry collector; there are none at all unless `telemetry.otlp_endpoint` is set. */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace as api, type Span as ApiSpan, type Tracer } from "@opentelemetry/api";
import type { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";

import { Code } from "./error.js";
import { codeName } from "./red.js";
import { isOurFault } from "./refusal.js";
import type { Trace } from "./trace.js";

/** Makes spans and sends them in the background. */
export class Spans {
  private constructor(
    private readonly provider: BasicTracerProvider,
    private readonly tracer: Tracer,
  ) {}

  /** Starts the exporter. Its packages are loaded here, so that a process without spans does not wait for them. */
  static async open(endpoint: string, program: string): Promise<Spans> {
    const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
      import("@opentelemetry/sdk-trace-base"),
      import("@opentelemetry/exporter-trace-otlp-grpc"),
      import("@opentelemetry/resources"),
    ]);
    const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: 5000 });
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": program }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    return new Spans(provider, provider.getTracer("souk-chassis"));
  }

  /** Starts a span below the trace's parent; a client's below the place itself. */
  start(kind: "server" | "client", method: string, trace: Trace): Span {
    const above = kind === "server" ? trace.parent : trace.span;
    const parent = { traceId: trace.id, spanId: above, traceFlags: trace.flags & TraceFlags.SAMPLED, isRemote: kind === "server" };
    const context = above === "" ? ROOT_CONTEXT : api.setSpanContext(ROOT_CONTEXT, parent);
    const attributes = { "rpc.system.name": "grpc", "rpc.method": method };
    const options = { kind: kind === "server" ? SpanKind.SERVER : SpanKind.CLIENT, attributes };
    return new Span(this.tracer.startSpan(method, options, context));
  }

  /** Sends what is left; called when the process stops. */
  async stop(): Promise<void> {
    await this.provider.shutdown().catch(() => undefined);
  }
}

/** One running span. */
export class Span {
  constructor(private readonly span: ApiSpan) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get spanId(): string {
    return this.span.spanContext().spanId;
  }

  end(code: Code | undefined): void {
    const name = codeName(code);
    this.span.setAttribute("rpc.response.status_code", name);
    if (code !== undefined) this.span.setAttribute("error.type", name);
    if (code !== undefined && (isOurFault(code) || code === Code.Unavailable || code === Code.DeadlineExceeded)) {
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: name });
    }
    this.span.end();
  }
}
