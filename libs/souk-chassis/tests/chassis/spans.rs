//! Spans reach a collector when one is configured.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use souk_chassis::{Context, Shop};

use crate::echo;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Client, options, unique};

/// Starts a collector that keeps the bytes it is sent.
async fn collector() -> (std::net::SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = received.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = kept.clone();
            let service =
                hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let kept = kept.clone();
                    async move {
                        assert_eq!(
                            request.uri().path(),
                            "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
                        );
                        let bytes = request.into_body().collect().await.unwrap().to_bytes();
                        kept.lock().unwrap().extend_from_slice(&bytes);
                        // An empty answer is a valid one.
                        let answer = tonic::Status::new(tonic::Code::Ok, "")
                            .into_http::<tonic::body::Body>();
                        Ok::<_, Infallible>(answer)
                    }
                });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, received)
}

#[tokio::test]
async fn a_collector_is_told_of_every_hop_under_the_callers_trace() {
    let (address, received) = collector().await;
    let traced =
        options(&unique("traced")).set("telemetry.otlp_endpoint", format!("http://{address}"));
    let running = Shop::new(traced).with(echo::definition()).start().await.unwrap();
    let context = Context::background("test");
    let mut client = Client::new(running.channel("echo"));
    let hop = pb::EchoRequest { mode: "hop".to_string(), ..Default::default() };
    let answer = context.scope(client.echo(hop)).await.unwrap().into_inner();
    assert_eq!(answer.trace_id, context.trace_id().to_string());
    running.drain().await.unwrap();

    let received = received.lock().unwrap();
    let trace = u128::from_str_radix(&answer.trace_id, 16).unwrap().to_be_bytes();
    let count = |part: &[u8]| received.windows(part.len()).filter(|window| *window == part).count();
    assert_eq!(count(&trace), 2, "one span a hop");
    assert!(count(b"souk.echo.v1.EchoService/Echo") >= 2);
}
