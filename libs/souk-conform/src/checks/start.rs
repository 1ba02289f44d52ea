//! C-START: ports, files, upstreams that are not there, and what must not run twice.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use souk_contract::Caller;
use tonic::Code;

use crate::checks::health;
use crate::child::{Refusal, Running, Service};
use crate::report::{Report, seen};
use crate::stage::{Stage, describe};
use crate::subject::Subject;
use crate::token::PUBLIC_KEY;

/// A port without a listener: the discard service's, which asks for rights that we do not have.
const NO_LISTENER: &str = "http://127.0.0.1:9";

/// Returns the files in the service's own folder.
pub fn files(service: &Service) -> BTreeSet<String> {
    let names = fs::read_dir(&service.manifest.folder).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    // What interpreters keep of compiled sources.
    names.filter(|name| !name.starts_with("__pycache__")).collect()
}

/// Compares the service's own folder with what was in it before all processes were started.
pub fn nothing_was_left(service: &Service, before: &BTreeSet<String>, report: &mut Report) {
    let after = files(service);
    let new: Vec<String> = after.difference(before).cloned().collect();
    let sent = format!("all starts, in {}", service.manifest.folder.display());
    let came = format!("new files beside the data folder: {new:?}");
    report.observe("C-START-5", new.is_empty(), seen(sent, came, "none"));
}

/// Starts further processes while the first runs: on its addresses, on its folder, and on their
/// own.
pub async fn again_beside(service: &Service, running: &Running, report: &mut Report) {
    let is_there = running.data.is_dir();
    let came = if is_there { "it is there" } else { "it is not there" };
    report.observe("C-START-5", is_there, seen("data_dir", came, "the folder is there"));
    let addresses = [("server.listen", running.grpc), ("server.metrics_listen", running.metrics)];
    let [first, second] = addresses.map(|(key, address)| service.settings().set(key, address));
    let is_empty = fs::read_dir(&running.data).is_ok_and(|mut entries| entries.next().is_none());
    let in_its_folder = async {
        if is_empty {
            return None;
        }
        Some(service.refused(service.settings_in(&running.data), &[]).await)
    };
    // They do not get in each other's way, and each takes seconds to load.
    let (first, second, other, in_its_folder) = tokio::join!(
        service.refused(first, &[]),
        service.refused(second, &[]),
        service.start(service.settings(), &[]),
        in_its_folder,
    );
    for ((key, address), outcome) in addresses.into_iter().zip([first, second]) {
        taken(key, address, outcome, report);
    }
    side_by_side(running, other, report);
    same_folder(in_its_folder, report);
}

fn taken(key: &str, address: SocketAddr, outcome: Result<Refusal, String>, report: &mut Report) {
    let sent = format!("a start with {key} = \"{address}\", which is in use");
    let expected = format!("exit code 1 and one line that names {key} or {address}");
    let (holds, came) = match outcome {
        Ok(refusal) => {
            let text = &refusal.stderr;
            let names_it = text.contains(key) || text.contains(&address.to_string());
            let is_short = refusal.lines_for_people().len() == 1;
            (refusal.exit == Some(1) && names_it && is_short, refusal.describe())
        }
        Err(why) => (false, why),
    };
    report.observe("C-START-4", holds, seen(sent, came, expected));
}

fn side_by_side(running: &Running, other: Result<Running, String>, report: &mut Report) {
    let first = [running.grpc, running.metrics];
    let (holds, came) = match other {
        Ok(other) => {
            let second = [other.grpc, other.metrics];
            let are_different = second.iter().all(|address| !first.contains(address));
            (are_different, format!("they serve on {first:?} and {second:?}"))
        }
        Err(why) => (false, why),
    };
    let sent = "two processes at once, both with port 0";
    report.observe("C-START-1", holds, seen(sent, came, "different ports"));
}

fn same_folder(outcome: Option<Result<Refusal, String>>, report: &mut Report) {
    let (holds, came) = match outcome {
        None => return report.not_asked("C-START-7", "it keeps nothing in its data folder"),
        Some(Ok(refusal)) => {
            let is_short = refusal.lines_for_people().len() == 1;
            (refusal.exit == Some(1) && is_short, refusal.describe())
        }
        Some(Err(why)) => (false, why),
    };
    let sent = "a second process with the data_dir of the first";
    report.observe("C-START-7", holds, seen(sent, came, "exit code 1 and one line on stderr"));
}

/// Starts a process whose upstreams cannot be reached, on an address that is not loopback.
pub async fn alone(service: &Service, report: &mut Report) {
    let sent = "a start on 0.0.0.0, with upstreams that cannot be reached";
    let mut launch = service.settings().set("server.listen", "0.0.0.0:0");
    for name in &service.manifest.upstreams {
        launch = launch.set(&format!("upstreams.{name}"), NO_LISTENER);
    }
    let mut process = match service.start(launch, &[]).await {
        Ok(process) => process,
        Err(why) => {
            report.not_asked("C-ACCESS-6", "it did not start without its upstreams");
            return report.observe("C-START-3", false, seen(sent, why, "it serves"));
        }
    };
    let address = SocketAddr::from(([127, 0, 0, 1], process.grpc.port()));
    let subject = Subject::of(&service.manifest);
    let stage = match Stage::open(subject, address, Some(process.metrics), PUBLIC_KEY).await {
        Ok(mut stage) => stage.learn().await.map(|()| stage),
        Err(why) => Err(why),
    };
    let stage = match stage {
        Ok(stage) => stage,
        Err(why) => return report.observe("C-START-3", false, seen(sent, why, "it serves")),
    };
    let health = health::check(&stage, "").await;
    let holds = health.code() == Some(Code::Ok);
    let came = format!("health answers {}", describe(&health));
    report.observe("C-START-3", holds, seen(sent, came, "health answers OK"));
    development_tokens(&stage, report).await;
    process.signal("TERM").await;
    let _ = process.ended(Duration::from_secs(20)).await;
    let log = process.log();
    let has_info = log.lines().any(|line| line.contains(" INFO request "));
    let has_debug = log.contains(" DEBUG ");
    let came = match (has_info, has_debug) {
        (true, false) => "text at info",
        (true, true) => "text with lines at debug",
        (false, _) => "no line of a request in text at info",
    };
    let sent = "a call, without log.format and log.level";
    let holds = has_info && !has_debug;
    report.observe("C-CONFIG-2", holds, seen(sent, came, "a log in text at info"));
}

async fn development_tokens(stage: &Stage, report: &mut Report) {
    let (path, caller, message) = stage.example();
    let caller = if caller == Caller::Anonymous { Caller::user("conformance") } else { caller };
    let reply = stage.call(&path, &caller, message).await;
    let sent = format!("{path} by {caller} with a development token, to a server on 0.0.0.0");
    let holds = reply.code() == Some(Code::Unauthenticated);
    report.observe("C-ACCESS-6", holds, seen(sent, describe(&reply), "UNAUTHENTICATED"));
}
