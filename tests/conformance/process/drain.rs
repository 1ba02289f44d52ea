//! C-DRAIN: what happens from the signal to the exit code.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use souk_chassis::pb::grpc::health::v1::health_check_response::ServingStatus;
use tokio::net::TcpStream;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::process::health;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, new_trace, told};
use crate::process::wire::{Connection, Held, Stream, get};

/// server.drain_seconds of every process here is 5, workers have 10 more, and a busy machine some.
const EXIT_WITHIN: Duration = Duration::from_secs(20);
/// How many callers call all the time while the signal comes.
const CALLERS: usize = 4;

/// Ends the process in the middle of calls and streams, and returns its log.
pub async fn at_sigterm(stage: &mut Stage<'_>, report: &mut Report) -> String {
    let mut streams = Vec::new();
    for name in ["".to_owned(), stage.service.manifest.services[0].clone()] {
        match health::watch(stage, &name).await {
            Ok(stream) => streams.push((format!("a watch of {name:?}"), stream)),
            Err(why) => report.look("C-DRAIN-2", false, why),
        }
    }
    if let Some(example) = &stage.service.manifest.conformance.stream {
        let message = stage.encode(&example.method, &example.request).unwrap_or_default();
        let by = caller(&example.caller).unwrap_or_default();
        match stage.stream(&format!("/{}", example.method), &by, &[], message).await {
            Ok(stream) => streams.push((example.method.clone(), stream)),
            Err(why) => report.look("C-DRAIN-2", false, why),
        }
    }
    for (_, stream) in &mut streams {
        let _ = stream.next_within(Duration::from_millis(300)).await;
    }
    // As long as it has not come whole the process cannot end, and what it does meanwhile can be
    // seen.
    let held = begin(&calls(stage)).await;
    let signalled = Arc::new(AtomicBool::new(false));
    let callers = (0..CALLERS)
        .map(|_| tokio::spawn(calling(calls(stage), signalled.clone())))
        .collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let started = Instant::now();
    // Before it is sent: what begins from here on may or may not come first.
    signalled.store(true, Ordering::SeqCst);
    stage.process.signal("TERM").await;
    let watchers = streams
        .into_iter()
        .map(|(name, stream)| tokio::spawn(ending(name, stream)))
        .collect::<Vec<_>>();
    let address = stage.process.grpc;
    let page = stage.process.metrics;
    let (is_closed, is_unready) =
        tokio::join!(until(move || refuses(address)), until(move || is_not_ready(page)));
    report.look("C-DRAIN-1", is_closed, "after SIGTERM new connections are refused");
    report.look("C-DRAIN-1", is_unready, "after SIGTERM /readyz is 503, or gone");

    match held {
        Ok(held) => {
            let reply = held.finish().await;
            let holds = matches!(reply.code(), Some(Code::Ok | Code::Unavailable));
            report.look(
                "C-DRAIN-3",
                holds,
                format!("a call of which half had come before the signal: {}", told(&reply)),
            );
        }
        Err(why) => report.look("C-DRAIN-3", false, why),
    }
    let ended = stage.process.ended(EXIT_WITHIN).await;
    let took = started.elapsed();
    let seen = match ended {
        Some(code) => format!("exit code {code:?} after {:.1} s", took.as_secs_f64()),
        None => format!(
            "it still ran {:.1} s after SIGTERM, with server.drain_seconds 5",
            took.as_secs_f64()
        ),
    };
    report.look("C-DRAIN-4", ended == Some(Some(0)), seen);
    for watcher in watchers {
        let (holds, seen) = watcher.await.expect("a watcher does not panic");
        report.look("C-DRAIN-2", holds, seen);
    }
    for caller in callers {
        for (holds, seen) in caller.await.expect("a caller does not panic") {
            report.look("C-DRAIN-3", holds, seen);
        }
    }
    stage.process.log()
}

/// Ends the process with SIGINT, and returns its log.
pub async fn at_sigint(stage: &mut Stage<'_>, report: &mut Report) -> String {
    stage.process.signal("INT").await;
    let ended = stage.process.ended(EXIT_WITHIN).await;
    report.look("C-DRAIN-1", ended.is_some(), format!("SIGINT ends it: {ended:?}"));
    report.look("C-DRAIN-4", ended == Some(Some(0)), format!("after SIGINT: {ended:?}"));
    stage.process.log()
}

struct Calls {
    connection: Connection,
    path: String,
    headers: Vec<(&'static str, String)>,
    message: Vec<u8>,
}

fn calls(stage: &Stage<'_>) -> Calls {
    let unary = stage.unary();
    let by = caller(&unary.caller).unwrap_or_default();
    Calls {
        connection: stage.connection.clone(),
        path: format!("/{}", unary.method),
        headers: stage.headers(&by, &new_trace()),
        message: stage.encode(&unary.method, &unary.request).unwrap_or_default(),
    }
}

async fn begin(calls: &Calls) -> Result<Held, String> {
    calls.connection.begin(&calls.path, &calls.headers, &calls.message).await
}

/// Calls until the process is gone; what began before the signal must be answered.
async fn calling(calls: Calls, signalled: Arc<AtomicBool>) -> Vec<(bool, String)> {
    let mut outcomes = Vec::new();
    loop {
        let began_before = !signalled.load(Ordering::SeqCst);
        let reply = calls
            .connection
            .call(&calls.path, &calls.headers, slice::from_ref(&calls.message))
            .await;
        match reply.code() {
            Some(Code::Ok) => outcomes.push((true, "calls in flight are answered".to_owned())),
            Some(Code::Unavailable) => return outcomes,
            None if !began_before => return outcomes,
            _ => {
                outcomes.push((
                    false,
                    format!("a call that began before the signal: {}", told(&reply)),
                ));
                return outcomes;
            }
        }
    }
}

/// Reads a stream to its end, which must say that the process drains.
async fn ending(name: String, mut stream: Stream) -> (bool, String) {
    let mut last = None;
    loop {
        match stream.next_within(EXIT_WITHIN).await {
            Ok(Some(message)) => last = health::status_of(&message),
            Ok(None) => break,
            Err(why) => return (false, format!("{name}: {why}")),
        }
    }
    let status = stream.status();
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    let holds = status.code() == Code::Unavailable && reason == "ERROR_REASON_DRAINING";
    let last = if name.starts_with("a watch") && last == Some(ServingStatus::NotServing) {
        " after NOT_SERVING"
    } else {
        ""
    };
    (holds, format!("{name} ends with {:?} {reason}{last}", status.code()))
}

/// Waits until something holds, for less than the drain may take.
async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) -> bool {
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        if holds().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

async fn refuses(address: std::net::SocketAddr) -> bool {
    TcpStream::connect(address).await.is_err()
}

async fn is_not_ready(address: std::net::SocketAddr) -> bool {
    match get(address, "/readyz").await {
        Ok((status, ..)) => status == 503,
        Err(_) => true,
    }
}
