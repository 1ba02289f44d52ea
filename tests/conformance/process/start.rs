//! C-START: ports, files, upstreams that are not there, and what must not run twice.

use std::collections::BTreeSet;
use std::fs;

use souk_chassis::Caller;
use tonic::Code;

use crate::process::child::Service;
use crate::process::health;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, told};

/// A port without a listener: the discard service's, which asks for rights that we do not have.
const NOBODY: &str = "http://127.0.0.1:9";

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
    let new = after.difference(before).cloned().collect::<Vec<_>>().join(", ");
    report.look(
        "C-START-5",
        new.is_empty(),
        format!(
            "beside its data folder it wrote: {}",
            if new.is_empty() { "nothing" } else { &new }
        ),
    );
}

/// Starts further processes while the first runs: on its addresses, on its folder, and on their
/// own.
pub async fn again_beside(stage: &Stage<'_>, report: &mut Report) {
    let service = stage.service;
    report.look("C-START-5", stage.process.data.is_dir(), "the data folder is there");
    let addresses =
        [("server.listen", stage.process.grpc), ("server.metrics_listen", stage.process.metrics)];
    let [first, second] = addresses.map(|(key, address)| service.settings().set(key, address));
    let is_empty =
        fs::read_dir(&stage.process.data).is_ok_and(|mut entries| entries.next().is_none());
    let in_its_folder = async {
        if is_empty {
            return None;
        }
        Some(service.refused(service.settings_in(&stage.process.data), &[]).await)
    };
    // They do not get in each other's way, and each takes seconds to load.
    let (first, second, other, in_its_folder) = tokio::join!(
        service.refused(first, &[]),
        service.refused(second, &[]),
        service.start(service.settings(), &[]),
        in_its_folder,
    );
    for ((key, address), outcome) in addresses.into_iter().zip([first, second]) {
        match outcome {
            Ok(refusal) => {
                let names_it =
                    refusal.stderr.contains(key) || refusal.stderr.contains(&address.to_string());
                let holds =
                    refusal.exit == Some(1) && names_it && refusal.lines_for_people().len() == 1;
                report.look("C-START-4", holds, format!("{key} is taken: {}", refusal.told()));
            }
            Err(why) => report.look("C-START-4", false, why),
        }
    }
    let (has_its_own, seen) = match &other {
        Ok(other) => {
            let (mine, first) =
                ([other.grpc, other.metrics], [stage.process.grpc, stage.process.metrics]);
            (
                mine.iter().all(|address| !first.contains(address)),
                format!("two at once serve on {first:?} and {mine:?}"),
            )
        }
        Err(why) => (false, format!("two at once: {why}")),
    };
    report.look("C-START-1", has_its_own, seen);
    match in_its_folder {
        None => report.cannot("C-START-7", "it keeps nothing in its data folder"),
        Some(Ok(refusal)) => {
            let holds = refusal.exit == Some(1) && refusal.lines_for_people().len() == 1;
            report.look("C-START-7", holds, format!("on the same folder: {}", refusal.told()));
        }
        Some(Err(why)) => report.look("C-START-7", false, why),
    }
}

/// Starts a process whose upstreams cannot be reached, on an address that is not loopback.
pub async fn alone(service: &Service, report: &mut Report) {
    let mut launch = service.settings().set("server.listen", "0.0.0.0:0");
    for name in &service.manifest.upstreams {
        launch = launch.set(&format!("upstreams.{name}"), NOBODY);
    }
    let process = match service.start(launch, &[]).await {
        Ok(process) => process,
        Err(why) => {
            report.cannot("C-ACCESS-6", "it did not start without its upstreams");
            return report.look("C-START-3", false, why);
        }
    };
    let port = process.grpc.port();
    let mut process = process;
    process.grpc = ([127, 0, 0, 1], port).into();
    let stage = match Stage::open(service, process, None).await {
        Ok(mut stage) => stage.learn().await.map(|()| stage),
        Err(why) => Err(why),
    };
    let mut stage = match stage {
        Ok(stage) => stage,
        Err(why) => return report.look("C-START-3", false, why),
    };
    let health = health::check(&stage, "").await;
    report.look(
        "C-START-3",
        health.code() == Some(Code::Ok),
        format!("health answers {}", told(&health)),
    );
    development_tokens(&stage, report).await;
    stage.process.signal("TERM").await;
    let _ = stage.process.ended(std::time::Duration::from_secs(20)).await;
    let log = stage.process.log();
    let is_plain =
        log.lines().any(|line| line.contains(" INFO request ")) && !log.contains(" DEBUG ");
    report.look("C-CONFIG-2", is_plain, "without log.format and log.level the log is text at info");
}

async fn development_tokens(stage: &Stage<'_>, report: &mut Report) {
    let unary = stage.unary();
    let (Ok(message), Ok(caller)) =
        (stage.encode(&unary.method, &unary.request), caller(&unary.caller))
    else {
        return report.look("C-ACCESS-6", false, "the manifest's example cannot be made");
    };
    let caller = if caller == Caller::Anonymous { Caller::user("conformance") } else { caller };
    let reply = stage.call(&format!("/{}", unary.method), &caller, message).await;
    report.look("C-ACCESS-6", reply.code() == Some(Code::Unauthenticated), told(&reply));
}
