//! The second listener: /metrics for Prometheus, /healthz (the process answers) and /readyz (it can
//! do its work).

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::caps;
use crate::exchange::Exchange;
use crate::health::Board;
use crate::log;
use crate::process::Process;
use crate::red;

/// Connections at once: collectors and probes are few.
const MAX_CONNECTIONS: usize = 64;
/// How long the header of a request may take to come.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_AGE: Duration = Duration::from_secs(60);

/// What the pages are made from.
pub(crate) struct Pages {
    pub(crate) process: Arc<Process>,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) board: Board,
    pub(crate) own: PrometheusHandle,
}

/// Returns the recorder behind `metrics::counter!` and its kin; there is one a process, whatever
/// runs in it.
pub(crate) fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    let start = || {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // An existing recorder stays; then our page shows calls only.
        let _ = metrics::set_global_recorder(recorder);
        handle
    };
    HANDLE.get_or_init(start).clone()
}

/// Serves the pages until it is dropped: they are wanted most while a process drains.
pub(crate) async fn serve(listener: TcpListener, pages: Arc<Pages>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        if connections.len() >= MAX_CONNECTIONS {
            caps::refused(&caps::METRICS_CONNECTIONS, MAX_CONNECTIONS as u64, &address.ip());
            continue;
        }
        let pages = pages.clone();
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let page = pages.page(request.uri().path());
                async move { Ok::<_, Infallible>(page) }
            });
            // The timer closes connections on which no request comes.
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
            // An unread page would keep its connection; a reader of many pages opens another.
            if timeout(MAX_AGE, connection.as_mut()).await.is_err() {
                connection.as_mut().graceful_shutdown();
                let _ = timeout(HEADER_TIMEOUT, connection).await;
            }
        });
    }
}

impl Pages {
    fn page(&self, path: &str) -> Response<Full<Bytes>> {
        let (status, text) = match path {
            "/metrics" => (StatusCode::OK, self.metrics()),
            "/healthz" => (StatusCode::OK, "ok\n".to_string()),
            "/readyz" if self.board.is_ready() => (StatusCode::OK, "ready\n".to_string()),
            "/readyz" => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("not ready\n{}", self.board.reasons()))
            }
            _ => (
                StatusCode::NOT_FOUND,
                "this server has /metrics, /healthz and /readyz\n".to_string(),
            ),
        };
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        let kind = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }

    fn metrics(&self) -> String {
        let mut text = self.own.render();
        let passed_on = self.process.passthrough.all();
        let mut served: Vec<_> = self.process.methods.values().chain(&passed_on).collect();
        served.sort_by_key(|method| method.policy.path);
        let served = served.iter().map(|method| (method.policy.path, &method.calls));
        let unknown = std::iter::once(("/unknown", &self.process.unknown));
        red::render("rpc_server_call_duration_seconds", served.chain(unknown), &mut text);
        let mut called: Vec<_> = self.exchange.methods().collect();
        called.sort_by_key(|method| method.policy.path);
        let called = called.iter().map(|method| (method.policy.path, &method.calls));
        red::render("rpc_client_call_duration_seconds", called, &mut text);
        let requests = self.process.limits.requests();
        let _ = writeln!(
            text,
            "# HELP souk_requests_in_work Requests and streams in work now.\n# TYPE souk_requests_in_work gauge\n\
             souk_requests_in_work {requests}"
        );
        let connections = self.process.peers.connections();
        let _ = writeln!(
            text,
            "# HELP souk_connections Connections to the gRPC listener.\n# TYPE souk_connections gauge\n\
             souk_connections {connections}"
        );
        let dropped = log::sink().dropped();
        let _ = writeln!(
            text,
            "# HELP souk_log_writes_dropped_total Log lines dropped because the queue was full.\n\
             # TYPE souk_log_writes_dropped_total counter\nsouk_log_writes_dropped_total {dropped}"
        );
        text
    }
}
