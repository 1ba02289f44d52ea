//! The conformance suite: one service process after another, started from one manifest, each asked
//! about some sentences.

mod access;
mod calls;
mod child;
mod configuration;
mod contract;
mod deadlines;
mod drain;
mod events;
mod health;
mod invariants;
mod limits;
mod log;
mod metrics;
mod ownership;
mod pages;
mod recorder;
mod redaction;
mod reflection;
mod report;
mod stage;
mod start;
mod sweep;
mod trace;
mod validation;
mod wire;
mod writes;

use std::path::{Path, PathBuf};

use souk_manifest::Manifest;

use crate::process::child::Service;
use crate::process::recorder::Recorder;
pub use crate::process::report::Report;
use crate::process::stage::Stage;

/// Runs every sentence against the service of a manifest.
///
/// # Errors
/// When there is nothing to run them against: no manifest, no interpreter, no way to make the
/// environment.
pub async fn run(manifest: &Path, souk: Option<PathBuf>) -> Result<Report, String> {
    let manifest = Manifest::read(manifest).map_err(|error| error.to_string())?;
    if manifest.conformance.unary.is_none() {
        return Err(format!(
            "{}: [conformance] needs `unary`, a read to call",
            manifest.folder.display()
        ));
    }
    let prepared = manifest.clone();
    let prepared =
        tokio::task::spawn_blocking(move || prepared.prepare(&[], &mut |line| eprintln!("{line}")));
    prepared
        .await
        .expect("preparing does not panic")
        .map_err(|error| format!("{}: {error}", manifest.name))?;

    let service = Service::new(manifest, souk)?;
    let mut report = Report::new(&service.manifest.name);
    let outcome = sentences(&service, &mut report).await;
    if let Err(why) = outcome {
        report.stopped(&why);
    }
    Ok(report)
}

/// Asks one process after another; ends early when one cannot be spoken to.
async fn sentences(service: &Service, report: &mut Report) -> Result<(), String> {
    let before = start::files(service);
    configuration::wrong_settings_end_the_start(service, report).await;
    usual(service, report).await?;
    bounded(service, report).await?;
    start::alone(service, report).await;
    writes::repeated(service, report).await;
    events::heard(service, report).await;
    start::nothing_was_left(service, &before, report);
    Ok(())
}

/// One process as it runs by default, with a JSON log: what callers and operators see of it until
/// it drains.
async fn usual(service: &Service, report: &mut Report) -> Result<(), String> {
    let upstreams = Recorder::start().await;
    let process = configuration::usual(service, &upstreams, report).await?;
    let mut stage = Stage::open(service, process, None).await?;
    health::asked(&stage, report).await;
    pages::fetched(&stage, report).await;
    reflection::asked(&mut stage, report).await?;
    invariants::checked(&stage, report).await;
    access::every_kind_of_caller(&stage, report).await;
    access::wrong_tokens(&stage, report).await;
    ownership::asked(&stage, report).await;
    validation::examples(&stage, report).await;
    validation::broken_fields(&stage, report).await;
    deadlines::passed(&stage, report).await;
    trace::named(&stage, report).await;
    redaction::told(&stage, report).await;
    metrics::counted(&stage, report).await;
    start::again_beside(&stage, report).await;
    let log = drain::at_sigterm(&mut stage, report).await;
    log::usual(&stage, &log, report);
    stage.conclude(report);
    Ok(())
}

/// One process with small limits, another key, a text log at debug, a collector of spans, and
/// upstreams that listen.
async fn bounded(service: &Service, report: &mut Report) -> Result<(), String> {
    let upstreams = Recorder::start().await;
    let process = limits::bounded(service, &upstreams).await?;
    let mut stage = Stage::open(service, process, Some(limits::KEY)).await?;
    stage.learn().await?;
    limits::reached(&stage, report).await;
    let is_marked = sweep::odd_values(&stage, report).await;
    let metrics = redaction::metrics(&stage).await;
    let log = drain::at_sigint(&mut stage, report).await;
    trace::arrived(&stage, &upstreams, report);
    calls::made(&stage, &upstreams, report);
    log::plain(&stage, &log, report);
    redaction::kept(&stage, &log, &metrics, is_marked, report);
    stage.conclude(report);
    Ok(())
}
