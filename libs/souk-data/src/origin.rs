//! Which trace a write belongs to, so that the events it appends carry the trace on. Whoever runs
//! services says how to find out.

use std::sync::OnceLock;

/// A W3C `traceparent`: `00-<32 hex>-<16 hex>-<2 hex>`.
pub type TraceParent = [u8; 55];

static SOURCE: OnceLock<fn() -> Option<TraceParent>> = OnceLock::new();

/// Sets how the trace of the running task is found. The first call counts.
pub fn set_trace_source(source: fn() -> Option<TraceParent>) {
    let _ = SOURCE.set(source);
}

pub(crate) fn current() -> Option<TraceParent> {
    SOURCE.get().and_then(|source| source())
}
