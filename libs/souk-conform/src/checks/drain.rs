//! C-DRAIN: what happens from the signal to the exit code.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::Code;

use crate::checks::health;
use crate::child::Running;
use crate::health_v1::ServingStatus;
use crate::report::{Report, seen};
use crate::results::Observation;
use crate::stage::{Stage, caller, code_name, describe, new_trace, reason_of};
use crate::wire::{Connection, Held, Reply, Stream, get};

/// server.drain_seconds of every process here is 5, workers have 10 more, and a busy machine some.
const EXIT_WITHIN: Duration = Duration::from_secs(20);
/// How many callers call all the time while the signal comes.
const CALLERS: usize = 4;

/// An observation, and whether the sentence held.
type Outcome = (bool, Observation);

/// Ends the process in the middle of calls and streams, and returns its log.
pub async fn at_sigterm(stage: &Stage, process: &mut Running, report: &mut Report) -> String {
    let streams = open_streams(stage, report).await;
    // As long as it has not come whole the process cannot end, and what it does meanwhile can be
    // seen.
    let held = begin(&calls(stage)).await;
    let signalled = Arc::new(AtomicBool::new(false));
    let callers: Vec<JoinHandle<Vec<Outcome>>> =
        (0..CALLERS).map(|_| tokio::spawn(calling(calls(stage), signalled.clone()))).collect();
    tokio::time::sleep(Duration::from_millis(300)).await;

    let started = Instant::now();
    // Before it is sent: what begins from here on may or may not come first.
    signalled.store(true, Ordering::SeqCst);
    process.signal("TERM").await;
    let watchers: Vec<JoinHandle<Outcome>> =
        streams.into_iter().map(|(name, stream)| tokio::spawn(ending(name, stream))).collect();
    closed(process, report).await;
    finished(held, report).await;
    let ended = process.ended(EXIT_WITHIN).await;
    let seconds = started.elapsed().as_secs_f64();
    let came = match ended {
        Some(code) => format!("exit code {code:?} after {seconds:.1} s"),
        None => format!("it still ran after {seconds:.1} s"),
    };
    let sent = "SIGTERM, with server.drain_seconds = 5";
    report.observe("C-DRAIN-4", ended == Some(Some(0)), seen(sent, came, "exit code 0"));
    for watcher in watchers {
        let (holds, observation) = watcher.await.expect("a watcher does not panic");
        report.observe("C-DRAIN-2", holds, observation);
    }
    for caller in callers {
        for (holds, observation) in caller.await.expect("a caller does not panic") {
            report.observe("C-DRAIN-3", holds, observation);
        }
    }
    process.log()
}

/// Opens watches on health, and the example of a stream.
async fn open_streams(stage: &Stage, report: &mut Report) -> Vec<(String, Stream)> {
    let mut streams = Vec::new();
    let mut keep = |name: String, opened: Result<Stream, String>| match opened {
        Ok(stream) => streams.push((name, stream)),
        Err(why) => report.observe("C-DRAIN-2", false, seen(name, why, "a stream")),
    };
    for name in ["", stage.subject.services[0].as_str()] {
        keep(format!("a watch of {name:?}"), health::watch(stage, name).await);
    }
    if let Some(example) = &stage.subject.stream {
        let message = stage.encode(&example.method, &example.request).unwrap_or_default();
        let by = caller(&example.caller).unwrap_or_default();
        let path = format!("/{}", example.method);
        keep(example.method.clone(), stage.stream(&path, &by, &[], message).await);
    }
    for (_, stream) in &mut streams {
        let _ = stream.next_within(Duration::from_millis(300)).await;
    }
    streams
}

/// Observes that nothing new is accepted.
async fn closed(process: &Running, report: &mut Report) {
    let address = process.grpc;
    let page = process.metrics;
    let (is_closed, is_unready) =
        tokio::join!(until(move || refuses(address)), until(move || is_not_ready(page)));
    let came = if is_closed { "refused" } else { "accepted" };
    let sent = "after SIGTERM, connections to gRPC";
    report.observe("C-DRAIN-1", is_closed, seen(sent, came, "refused within 3 s"));
    let came = if is_unready { "503, or gone" } else { "still 200" };
    let sent = "after SIGTERM, GET /readyz";
    report.observe("C-DRAIN-1", is_unready, seen(sent, came, "503, or gone, within 3 s"));
}

/// Observes that a call of which half had come before the signal is answered.
async fn finished(held: Result<Held, String>, report: &mut Report) {
    let (holds, came) = match held {
        Ok(held) => {
            let reply = held.finish().await;
            (is_finished(&reply), describe(&reply))
        }
        Err(why) => (false, why),
    };
    let sent = "a call of which half had come before SIGTERM";
    report.observe("C-DRAIN-3", holds, seen(sent, came, "OK or UNAVAILABLE"));
}

fn is_finished(reply: &Reply) -> bool {
    matches!(reply.code(), Some(Code::Ok | Code::Unavailable))
}

/// Ends the process with SIGINT, and returns its log.
pub async fn at_sigint(process: &mut Running, report: &mut Report) -> String {
    process.signal("INT").await;
    let ended = process.ended(EXIT_WITHIN).await;
    let came = match ended {
        Some(code) => format!("exit code {code:?}"),
        None => format!("it still ran after {EXIT_WITHIN:?}"),
    };
    report.observe("C-DRAIN-1", ended.is_some(), seen("SIGINT", &came, "it ends"));
    report.observe("C-DRAIN-4", ended == Some(Some(0)), seen("SIGINT", came, "exit code 0"));
    process.log()
}

struct Calls {
    connection: Connection,
    path: String,
    headers: Vec<(&'static str, String)>,
    message: Vec<u8>,
}

fn calls(stage: &Stage) -> Calls {
    let (path, by, message) = stage.example();
    let headers = stage.headers(&by, &new_trace());
    Calls { connection: stage.connection.clone(), path, headers, message }
}

async fn begin(calls: &Calls) -> Result<Held, String> {
    calls.connection.begin(&calls.path, &calls.headers, &calls.message).await
}

/// Calls until the process is gone; what began before the signal must be answered.
async fn calling(calls: Calls, signalled: Arc<AtomicBool>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    loop {
        let began_before = !signalled.load(Ordering::SeqCst);
        let messages = slice::from_ref(&calls.message);
        let reply = calls.connection.call(&calls.path, &calls.headers, messages).await;
        let sent = "a call that began before SIGTERM";
        let observation = seen(sent, describe(&reply), "OK or UNAVAILABLE");
        match reply.code() {
            Some(Code::Ok) => outcomes.push((true, seen("calls in flight", "OK", "OK"))),
            Some(Code::Unavailable) => return outcomes,
            None if !began_before => return outcomes,
            _ => {
                outcomes.push((false, observation));
                return outcomes;
            }
        }
    }
}

/// Reads a stream to its end, which must say that the process drains.
async fn ending(name: String, mut stream: Stream) -> Outcome {
    let expected = "UNAVAILABLE ERROR_REASON_DRAINING";
    let sent = format!("SIGTERM while {name} is open");
    let mut last = None;
    loop {
        match stream.next_within(EXIT_WITHIN).await {
            Ok(Some(message)) => last = health::status_of(&message),
            Ok(None) => break,
            Err(why) => return (false, seen(sent, why, expected)),
        }
    }
    let reply =
        Reply { messages: Vec::new(), status: stream.status(), accepted: None, broken: None };
    let is_draining = reason_of(&reply) == "ERROR_REASON_DRAINING";
    let holds = reply.status.code() == Code::Unavailable && is_draining;
    let is_announced = name.starts_with("a watch") && last == Some(ServingStatus::NotServing);
    let last = if is_announced { " after NOT_SERVING" } else { "" };
    let came = format!("{} {}{last}", code_name(reply.status.code()), reason_of(&reply));
    (holds, seen(sent, came, expected))
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
