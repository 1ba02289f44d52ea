//! Log lines of the services: `tracing` events, written by the same thread as request lines.

use std::sync::OnceLock;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Log;
use crate::log::{Format, Writer};
use crate::request_log::RequestLog;
use crate::start_error::StartError;

/// Libraries that log every packet at `debug`, which is not what `debug` is meant for.
const QUIET: [&str; 6] = ["h2", "hyper", "hyper_util", "tonic", "tower", "opentelemetry_sdk"];

/// Libraries that call an error what their caller asked for, such as the response that a queue is
/// not there. A level that names them logs them.
const SILENT: [&str; 1] = ["lapin"];

/// Starts logging and returns how requests are logged. A second start in one process (tests)
/// changes the latter only.
pub(crate) fn start(log: &Log) -> Result<RequestLog, StartError> {
    let wrong = |why: &dyn std::fmt::Display| {
        let allowed = format!("must be like info, debug or \"info,orders::saga=debug\" ({why})");
        StartError::configuration("log.level", &log.level, &allowed)
    };
    let mut targets: Targets = log.level.parse().map_err(|error| wrong(&error))?;
    let general = log.level.split(',').find(|part| !part.contains('=')).unwrap_or("info").trim();
    let general: LevelFilter = general.parse().map_err(|error| wrong(&error))?;
    for target in QUIET {
        if !log.level.contains(target) {
            targets = targets.with_target(target, general.min(LevelFilter::INFO));
        }
    }
    for target in SILENT {
        if !log.level.contains(target) {
            targets = targets.with_target(target, LevelFilter::OFF);
        }
    }
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let lines = tracing_subscriber::fmt::layer().with_writer(|| Writer).with_ansi(false);
        let lines = match log.format {
            Format::Text => lines.with_filter(targets).boxed(),
            Format::Json => lines
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_filter(targets)
                .boxed(),
        };
        // An existing subscriber stays.
        let _ = tracing_subscriber::registry().with(lines).try_init();
    });
    Ok(RequestLog { format: log.format, level: general })
}

/// Makes a panic one line of the log instead of several on stderr, or one line on stderr where no
/// log was started; for programs, since tests read their panics elsewhere.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = crate::call::panic_text(panic.payload());
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if tracing::dispatcher::has_been_set() {
            tracing::error!(panic.location = %place, "{text} at {place}");
        } else {
            eprintln!("{text} at {place}");
        }
    }));
}
