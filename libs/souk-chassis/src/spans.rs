//! Spans for an OpenTelemetry collector; there are none at all unless `telemetry.otlp_endpoint` is
//! set.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanContext, SpanKind, Status as SpanStatus, TraceContextExt as _, TraceFlags,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, SpanId, TraceId};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tonic::Code;

use crate::red::code_name;
use crate::refusal::is_our_fault;
use crate::start_error::StartError;
use crate::trace::Trace;

/// Makes spans and sends them in the background. Clones share it.
#[derive(Clone)]
pub(crate) struct Spans {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// One running span.
pub(crate) struct Span(opentelemetry_sdk::trace::Span);

impl Spans {
    /// Starts the exporter; it must be called within the runtime.
    pub(crate) fn start(endpoint: &str, program: &str) -> Result<Self, StartError> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| {
                let allowed = format!("must be like http://127.0.0.1:4317 ({error})");
                StartError::configuration("telemetry.otlp_endpoint", endpoint, &allowed)
            })?;
        let resource = Resource::builder().with_service_name(program.to_string()).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("souk-chassis");
        Ok(Spans { provider, tracer })
    }

    /// Starts the span of an arriving request.
    pub(crate) fn server(&self, method: &'static str, trace: &mut Trace) -> Span {
        self.span(method.into(), SpanKind::Server, trace)
    }

    /// Starts the span of a departing call.
    pub(crate) fn client(&self, path: &str, trace: &mut Trace) -> Span {
        let name = path.trim_start_matches('/').to_string();
        self.span(name.into(), SpanKind::Client, trace)
    }

    /// Starts a span below the trace's parent. The SDK chooses its id (and the trace's, when the
    /// trace starts here); `trace` takes them over, so that whatever is called from here hangs
    /// below this span.
    fn span(&self, name: Cow<'static, str>, kind: SpanKind, trace: &mut Trace) -> Span {
        let builder = self.tracer.span_builder(name.clone()).with_kind(kind).with_attributes([
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", name),
        ]);
        let mut above = Context::new();
        if trace.parent != 0 {
            let parent = SpanId::from_bytes(trace.parent.to_be_bytes());
            let id = TraceId::from_bytes(trace.id.0.to_be_bytes());
            let flags = TraceFlags::new(trace.flags);
            above = above.with_remote_span_context(SpanContext::new(
                id,
                parent,
                flags,
                true,
                TraceState::NONE,
            ));
        }
        let span = self.tracer.build_with_context(builder, &above);
        trace.id.0 = u128::from_be_bytes(span.span_context().trace_id().to_bytes());
        trace.span = u64::from_be_bytes(span.span_context().span_id().to_bytes());
        Span(span)
    }

    /// Sends what is left; called when the process stops.
    pub(crate) fn stop(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!("the last spans could not be sent: {error}");
        }
    }
}

impl Span {
    pub(crate) fn end(mut self, code: Code) {
        self.0.set_attribute(KeyValue::new("rpc.response.status_code", code_name(code)));
        if code != Code::Ok {
            self.0.set_attribute(KeyValue::new("error.type", code_name(code)));
        }
        if is_our_fault(code) || code == Code::Unavailable || code == Code::DeadlineExceeded {
            self.0.set_status(SpanStatus::error(code_name(code)));
        }
        self.0.end();
    }
}
