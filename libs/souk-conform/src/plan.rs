//! A run from its manifest: one process after another, each asked some sentences.

use souk_manifest::Manifest;

use crate::checks::redaction::Shown;
use crate::checks::sweep::{self, Sweep};
use crate::checks::{
    access, calls, configuration, deadlines, drain, events, frames, health, invariants, limits,
    log, metrics, ownership, pages, redaction, reflection, start, trace, validation, writes,
};
use crate::child::{Running, Service};
use crate::parts;
use crate::recorder::Recorder;
use crate::report::{Part, Report};
use crate::stage::Stage;
use crate::subject::Subject;
use crate::token::{KEY, PUBLIC_KEY};

/// Prepares the environment of a service.
pub async fn prepare(manifest: &Manifest) -> Result<(), String> {
    if manifest.conformance.unary.is_none() {
        return Err(format!(
            "{}: [conformance] needs `unary`, a read to call",
            manifest.folder.display()
        ));
    }
    let prepared = manifest.clone();
    let preparing =
        tokio::task::spawn_blocking(move || prepared.prepare(&[], &mut |line| eprintln!("{line}")));
    let outcome = preparing.await.expect("preparing does not panic");
    outcome.map_err(|error| format!("{}: {error}", manifest.name))
}

/// Asks one process after another; ends early when one cannot be called.
pub async fn processes(service: &Service, report: &mut Report) -> Result<(), String> {
    let before = start::files(service);
    if report.begin(&parts::WRONG_SETTINGS) {
        configuration::wrong_settings_end_the_start(service, report).await;
    }
    if wants_any(report, &parts::USUAL) {
        usual(service, report).await?;
    }
    if wants_any(report, &parts::BOUNDED) {
        bounded(service, report).await?;
    }
    if report.begin(&parts::ALONE) {
        start::alone(service, report).await;
    }
    if report.begin(&parts::WRITES) {
        writes::repeated(service, report).await;
    }
    if report.begin(&parts::EVENTS) {
        events::consumed(service, report).await;
    }
    if report.begin(&parts::FOLDER) {
        start::nothing_was_left(service, &before, report);
    }
    Ok(())
}

fn wants_any(report: &Report, parts: &[&Part]) -> bool {
    parts.iter().any(|part| report.wants(part))
}

/// One process as it runs by default, with a JSON log: what callers and operators see of it until
/// it drains.
async fn usual(service: &Service, report: &mut Report) -> Result<(), String> {
    let upstreams = Recorder::start().await;
    report.begin(&parts::START);
    let mut process = configuration::usual(service, &upstreams, report).await?;
    let subject = Subject::of(&service.manifest);
    let metrics = Some(process.metrics);
    let mut stage = Stage::open(subject, process.grpc, metrics, PUBLIC_KEY).await?;
    if report.begin(&parts::HEALTH) {
        health::asked(&stage, report).await;
    }
    if report.begin(&parts::PAGES) {
        pages::fetched(process.metrics, report).await;
    }
    described(&mut stage, report).await?;
    if report.begin(&parts::INVARIANTS) {
        invariants::checked(&stage, report).await;
    }
    callers(&stage, report).await;
    requests(&stage, report).await;
    if report.begin(&parts::LARGE_MESSAGE) {
        validation::large_message(&stage, report).await;
    }
    if report.begin(&parts::DEADLINES) {
        deadlines::passed(&stage, report).await;
        deadlines::streams(&stage, report).await;
    }
    if report.begin(&parts::TRACES) {
        trace::unreadable(&stage, report).await;
    }
    if report.begin(&parts::ADDRESSES) {
        redaction::address(&stage, report).await;
    }
    if report.begin(&parts::METRICS) {
        metrics::counted(&stage, process.metrics, report).await;
    }
    if report.begin(&parts::AGAIN) {
        start::again_beside(service, &process, report).await;
    }
    drained(&stage, &mut process, report).await;
    if report.begin(&parts::ERRORS) {
        stage.conclude(report);
    }
    Ok(())
}

/// Learns what the methods are; the sentences about reflection are observed when they are asked.
pub async fn described(stage: &mut Stage, report: &mut Report) -> Result<(), String> {
    if report.begin(&parts::REFLECTION) {
        return reflection::asked(stage, report).await;
    }
    stage.learn().await
}

/// Who may call what.
pub async fn callers(stage: &Stage, report: &mut Report) {
    if report.begin(&parts::CALLERS) {
        access::every_kind_of_caller(stage, report).await;
    }
    if report.begin(&parts::TOKENS) && stage.subject.unary.is_some() {
        access::tokens(stage, report).await;
    }
    if report.begin(&parts::OWNERSHIP) {
        ownership::asked(stage, report).await;
    }
}

/// Requests that must be refused, and methods that do not exist.
pub async fn requests(stage: &Stage, report: &mut Report) {
    if report.begin(&parts::VALIDATION) {
        if stage.subject.unary.is_some() {
            validation::example(stage, report).await;
        }
        validation::broken_fields(stage, report).await;
    }
    if report.begin(&parts::FRAMES) && stage.subject.unary.is_some() {
        frames::broken(stage, report).await;
    }
    if report.begin(&parts::UNKNOWN_METHODS) {
        validation::unknown_methods(stage, report).await;
    }
}

/// Ends the process, and looks at the log that it has written.
async fn drained(stage: &Stage, process: &mut Running, report: &mut Report) {
    if report.begin(&parts::SIGTERM) {
        let printed = drain::at_sigterm(stage, process, report).await;
        if report.begin(&parts::JSON_LOG) {
            log::usual(stage, &printed, report);
        }
    }
}

/// One process with small limits, another key, a text log at debug, a collector of spans, and
/// upstreams that listen.
async fn bounded(service: &Service, report: &mut Report) -> Result<(), String> {
    let upstreams = Recorder::start().await;
    let mut process = limits::bounded(service, &upstreams).await?;
    let subject = Subject::of(&service.manifest);
    let metrics = Some(process.metrics);
    let mut stage = Stage::open(subject, process.grpc, metrics, KEY).await?;
    stage.learn().await?;
    if report.begin(&parts::LIMITS) {
        limits::reached(&stage, report).await;
    }
    let mut is_marked = false;
    if report.begin(&parts::ODD_VALUES) {
        is_marked = sweep::odd_values(&stage, Sweep::All, report).await;
    }
    if report.begin(&parts::FORGERS) {
        sweep::forged(&stage, report).await;
    }
    let metrics = redaction::metrics(process.metrics).await;
    report.begin(&parts::SIGINT);
    let log = drain::at_sigint(&mut process, report).await;
    if report.begin(&parts::SPANS) {
        trace::arrived(&stage, &upstreams, report);
    }
    if report.begin(&parts::UPSTREAMS) {
        calls::made(&stage, &service.manifest, &upstreams, report);
    }
    if report.begin(&parts::TEXT_LOG) {
        log::plain(&stage, &log, report);
    }
    if report.begin(&parts::SECRETS) {
        let shown = Shown { log: &log, metrics: &metrics, is_marked };
        redaction::kept(&stage, &shown, report);
    }
    if report.begin(&parts::ERRORS) {
        stage.conclude(report);
    }
    Ok(())
}
