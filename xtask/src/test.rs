//! `cargo xtask test`: every test there is, on both engines, several programs side by side, with
//! one line of totals at the end.

mod changed;
mod run;
mod suite;
mod tally;

use std::{
    ffi::OsString,
    thread,
    time::{Duration, Instant},
};

use crate::{
    brokers,
    failure::{Failure, Outcome},
    postgres::{Postgres, URL_VARIABLE},
    shell::{self, Parts},
    test::{
        run::{Plan, Report},
        suite::Suite,
    },
    tools::Tools,
    workspace::Workspace,
};

/// The word for all suites that do not take minutes.
const QUICK: &str = "quick";

/// How many of the slowest tests are named at the end.
const SLOWEST: usize = 10;

#[derive(clap::Args, Default)]
pub struct Options {
    /// Runs the tests whose name contains this; or all of a package, a folder of tests/ or a
    /// script, such as `orders`, `attack` or `tests/clients/go_test.py`; or `quick`, which is all
    /// that does not take minutes.
    #[arg(conflicts_with = "changed")]
    filter: Option<String>,
    /// Runs what can see the files that differ from the main branch, what is nearest to them first.
    /// Without the suites that take minutes, unless they changed themselves.
    #[arg(long)]
    changed: bool,
    /// Runs the long forms too: random kills, split processes, more cases. Takes an hour or more.
    #[arg(long)]
    nightly: bool,
    /// How many suites run at the same time. They wait for half of their time: by default one more
    /// than there are processors.
    #[arg(long)]
    jobs: Option<usize>,
}

impl Options {
    /// How long a suite may say nothing: by day the slowest says something every minute, at night
    /// some work for long.
    fn silence(&self) -> Duration {
        Duration::from_secs(if self.nightly { 3600 } else { 900 })
    }

    fn jobs(&self) -> usize {
        self.jobs
            .unwrap_or_else(|| 1 + thread::available_parallelism().map_or(1, usize::from))
            .max(1)
    }

    /// Leaves only the suites that are asked for; returns what the names of their tests must
    /// contain.
    fn choose(&self, workspace: &Workspace, suites: &mut Vec<Suite>) -> Outcome<Option<&str>> {
        if self.changed {
            changed::keep_what_can_see(workspace, suites)?;
            return Ok(None);
        }
        match self.filter.as_deref() {
            Some(QUICK) => suites.retain(|suite| !suite.is_slow()),
            Some(name) if suites.iter().any(|suite| suite.is_named(name)) => {
                suites.retain(|suite| suite.is_named(name))
            }
            // A script runs as a whole, and has no tests with names.
            Some(part) => {
                suites.retain(|suite| suite.kind == suite::Kind::Program);
                return Ok(Some(part));
            }
            None => {}
        }
        Ok(None)
    }
}

/// Makes tools and database ready, runs all tests, and stops what it started.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let start = Instant::now();
    let mut parts = Parts::default();
    let mut environment: Vec<(OsString, OsString)> = Vec::new();
    let mut postgres = None;

    let tools = Tools::ready(workspace)?;
    environment.push(("PATH".into(), workspace.path()));
    environment.extend(tools.environment().map(|(name, path)| (name.into(), path.into())));
    parts.part("PostgreSQL", || {
        // One that runs already is used as it is.
        if let Ok(url) = std::env::var(URL_VARIABLE) {
            eprintln!("using {url} ({URL_VARIABLE} is set)");
            return Ok(());
        }
        match Postgres::start(workspace) {
            Ok(running) => {
                environment.push((URL_VARIABLE.into(), running.url().into()));
                postgres = Some(running);
                Ok(())
            }
            Err(failure) if shell::in_ci() => Err(failure),
            Err(failure) => {
                eprintln!("WARNING: {failure}\nWARNING: tests on PostgreSQL are SKIPPED; failures that only occur there go unnoticed.");
                Ok(())
            }
        }
    });
    parts.part("brokers", || {
        environment.extend(
            brokers::ready(workspace)?.into_iter().map(|(name, path)| (name.into(), path.into())),
        );
        Ok(())
    });
    if options.nightly {
        environment.push(("SOUK_NIGHTLY".into(), "1".into()));
    }
    // The bus is tested on every engine, also the one that the shop is built without. The night
    // also kills on a file system that drops what was not synced. That is a build of its own, which
    // the day does not wait for.
    let features =
        if options.nightly { "souk/production,souk-data/unsynced-vfs" } else { "souk/production" };
    let mut suites = Vec::new();
    parts.part("build", || {
        suites = suite::all(workspace, features, &tools.python)?;
        Ok(())
    });
    let mut reports = Vec::new();
    parts.part("tests", || {
        let filter = options.choose(workspace, &mut suites)?;
        let plan = Plan {
            filter,
            jobs: options.jobs(),
            silence: options.silence(),
            environment: &environment,
        };
        reports = run::run(&suites, &plan)?;
        if suites.is_empty() {
            eprintln!("nothing changed that a test can see");
            return Ok(());
        }
        judge(&reports)
    });
    // Explicit, so that the data is gone before the summary says that all is done.
    drop(postgres);

    tell_slowest(&reports);
    let outcome = parts.finish();
    eprintln!("{:>15.1} s  in all", start.elapsed().as_secs_f64());
    tell_failed(&reports);
    let passed: u64 = reports.iter().map(|report| report.tally.passed).sum();
    println!("\n{passed} passed, {} failed", failed(&reports));
    outcome
}

fn judge(reports: &[Report]) -> Outcome {
    let passed: u64 = reports.iter().map(|report| report.tally.passed).sum();
    match failed(reports) {
        0 if passed == 0 => {
            Err(Failure::new("no test has this in its name; without a name all tests run"))
        }
        0 => Ok(()),
        _ => Err(Failure::new("not every test passed")),
    }
}

/// Counts the tests that failed. A suite that failed without naming one is one failed test.
fn failed(reports: &[Report]) -> usize {
    reports
        .iter()
        .map(|report| report.tally.failed.len() + usize::from(report.failure.is_some()))
        .sum()
}

fn tell_slowest(reports: &[Report]) {
    let tests = |report: &Report| {
        report.tally.times.iter().map(|(took, test)| (*took, test.clone())).collect::<Vec<_>>()
    };
    let mut slowest: Vec<(f64, String, &str)> = reports
        .iter()
        .flat_map(|report| {
            tests(report).into_iter().map(|(took, test)| (took, test, report.name.as_str()))
        })
        .collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    if !slowest.is_empty() {
        eprintln!("\nslowest tests:");
    }
    for (took, test, suite) in slowest.into_iter().take(SLOWEST) {
        eprintln!("{took:>15.1} s  {suite}  {test}");
    }
}

/// Names each failed test with the command that runs it again.
fn tell_failed(reports: &[Report]) {
    let bad: Vec<&Report> = reports.iter().filter(|report| !report.is_good()).collect();
    if !bad.is_empty() {
        eprintln!("\nfailed, and how to run it again:");
    }
    for report in bad {
        if report.name.ends_with(".py") {
            eprintln!("  cargo xtask test {}", report.name);
            report.tally.failed.iter().for_each(|check| eprintln!("      {check}"));
            continue;
        }
        report
            .tally
            .failed
            .iter()
            .for_each(|test| eprintln!("  cargo xtask test {test}    ({})", report.name));
        if let Some(failure) = &report.failure {
            eprintln!("  cargo xtask test '{}'    ({failure})", report.name);
        }
    }
}
