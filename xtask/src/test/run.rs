//! Runs suites side by side, prints what it is doing, and the result of each.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::{self, File},
    io::{IsTerminal, Read, Write},
    path::PathBuf,
    process::{Child, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::{Doing, Outcome},
    test::{
        suite::{Kind, Suite},
        tally::Tally,
    },
};

/// How often the running suites are looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How often it is said what runs, while nothing ends.
const STATUS_INTERVAL: Duration = Duration::from_secs(60);

/// How to run.
pub struct Plan<'a> {
    /// Only the tests whose name contains this.
    pub filter: Option<&'a str>,
    /// How many suites run at the same time.
    pub jobs: usize,
    /// How long a suite may print nothing before it is killed.
    pub silence: Duration,
    pub environment: &'a [(OsString, OsString)],
}

/// How one suite went.
pub struct Report {
    pub name: String,
    pub tally: Tally,
    pub took: Duration,
    /// Why the suite as a whole failed, apart from its tests.
    pub failure: Option<String>,
}

impl Report {
    pub fn is_good(&self) -> bool {
        self.failure.is_none() && self.tally.failed.is_empty()
    }
}

/// Runs all of them, in their order as far as there are free jobs. The output of a suite that runs
/// alone is shown while it runs, that of others when they have failed.
pub fn run(suites: &[Suite], plan: &Plan) -> Outcome<Vec<Report>> {
    let folder = std::env::temp_dir().join(format!("souk-test-{}", std::process::id()));
    fs::create_dir_all(&folder).doing(format_args!("create {}", folder.display()))?;
    let is_live = suites.len() == 1;
    let mut waiting: VecDeque<&Suite> = suites.iter().collect();
    let mut running: Vec<Running> = Vec::new();
    let mut reports = Vec::new();
    let mut said = Instant::now();
    while !waiting.is_empty() || !running.is_empty() {
        while running.len() < plan.jobs
            && let Some(suite) = waiting.pop_front()
        {
            let output = folder.join((suites.len() - waiting.len()).to_string());
            running.push(Running::start(suite, plan, output, is_live)?);
        }
        thread::sleep(POLL_INTERVAL);
        let mut index = 0;
        while index < running.len() {
            match running[index].poll(plan.silence)? {
                None => index += 1,
                Some(status) => {
                    let report = running.swap_remove(index).finish(status);
                    said = Instant::now();
                    reports.push(report);
                }
            }
        }
        if !is_live && said.elapsed() > STATUS_INTERVAL {
            said = Instant::now();
            let names: Vec<String> = running.iter().map(Running::status).collect();
            eprintln!("       …  running: {}; {} wait", names.join(", "), waiting.len());
        }
    }
    let _ = fs::remove_dir_all(&folder);
    Ok(reports)
}

/// A suite that runs, with its output in a file: what it leaves behind may hold that open as long
/// as it likes.
struct Running<'a> {
    suite: &'a Suite,
    child: Child,
    output: PathBuf,
    reader: File,
    /// What it has printed so far.
    printed: Vec<u8>,
    started: Instant,
    heard: Instant,
    is_live: bool,
    is_filtered: bool,
    was_killed: bool,
}

impl<'a> Running<'a> {
    fn start(suite: &'a Suite, plan: &Plan, output: PathBuf, is_live: bool) -> Outcome<Self> {
        let writer = File::create(&output).doing(format_args!("create {}", output.display()))?;
        let reader = File::open(&output).doing(format_args!("read {}", output.display()))?;
        let mut command = suite.command(plan.filter, std::io::stdout().is_terminal());
        command.envs(plan.environment.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stderr(writer.try_clone().doing("share the output")?)
            .stdout(writer);
        // Of its own, so that all of it can be killed.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().doing(format_args!("start {}", suite.name))?;
        let now = Instant::now();
        Ok(Running {
            suite,
            child,
            output,
            reader,
            printed: vec![],
            started: now,
            heard: now,
            is_live,
            is_filtered: plan.filter.is_some(),
            was_killed: false,
        })
    }

    /// Reads what is new, kills what has been silent for too long, and returns how it ended once it
    /// has.
    fn poll(&mut self, silence: Duration) -> Outcome<Option<ExitStatus>> {
        let status = self.child.try_wait().doing(format_args!("watch {}", self.suite.name))?;
        let before = self.printed.len();
        self.reader.read_to_end(&mut self.printed).doing("read the output of the tests")?;
        if self.printed.len() > before {
            self.heard = Instant::now();
            if self.is_live {
                let mut out = std::io::stdout().lock();
                out.write_all(&self.printed[before..])
                    .and_then(|()| out.flush())
                    .doing("pass on the output")?;
            }
        }
        if status.is_none() && self.heard.elapsed() > silence && !self.was_killed {
            eprintln!("{} printed nothing for {silence:?} and is killed", self.suite.name);
            self.was_killed = true;
            let group = format!("-{}", self.child.id());
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
        }
        Ok(status)
    }

    fn status(&self) -> String {
        format!("{} ({:.0} s)", self.suite.name, self.started.elapsed().as_secs_f64())
    }

    /// Prints how it went, and all of its output if it failed.
    fn finish(self, status: ExitStatus) -> Report {
        let printed = String::from_utf8_lossy(&self.printed);
        let mut tally = Tally::default();
        let counted = match self.suite.kind {
            Kind::Program => tally.read_program(&printed),
            Kind::Script => tally.read_script(&printed),
        };
        let failure = if self.was_killed {
            Some("was silent for too long and killed".to_owned())
        } else if !counted {
            Some(format!("ended without saying how many tests passed ({status})"))
        } else if !status.success() && tally.failed.is_empty() {
            Some(format!("failed ({status})"))
        } else {
            None
        };
        let report =
            Report { name: self.suite.name.clone(), tally, took: self.started.elapsed(), failure };
        let mark = if report.is_good() { "ok" } else { "FAILED" };
        let passed = report.tally.passed;
        // Of a name that is looked for in every suite most know nothing.
        if report.is_good() && passed == 0 && !self.is_live && self.is_filtered {
            return report;
        }
        eprintln!(
            "{mark:>8} {:>8.1} s  {:<45} {passed:>5} passed",
            report.took.as_secs_f64(),
            report.name
        );
        if !self.is_live {
            if !report.is_good() {
                println!("{}", printed.trim_end());
            }
            for warning in
                printed.lines().filter(|line| report.is_good() && line.contains("SKIPPED"))
            {
                println!("{warning}");
            }
        }
        if let Some(failure) = &report.failure {
            eprintln!("{}: {failure}", report.name);
        }
        let _ = fs::remove_file(&self.output);
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_scripts(scripts: &[&str], silence: Duration) -> Vec<Report> {
        let suites: Vec<Suite> = scripts.iter().map(|script| Suite::of_shell(script)).collect();
        let plan = Plan {
            filter: None,
            jobs: 2,
            silence,
            environment: &[("WORD".into(), "passed".into())],
        };
        let mut reports = run(&suites, &plan).unwrap();
        reports.sort_by(|a, b| a.name.cmp(&b.name));
        reports
    }

    #[test]
    fn what_falls_silent_is_killed_with_all_that_it_started_and_the_others_go_on() {
        let start = Instant::now();
        let reports = run_scripts(
            &["sleep 1000 & sleep 1000; echo 1 passed, 0 failed", "echo 2 passed, 0 failed"],
            Duration::from_millis(300),
        );
        assert!(start.elapsed() < Duration::from_secs(100));
        let good: Vec<_> =
            reports.iter().map(|report| (report.tally.passed, report.is_good())).collect();
        assert_eq!(good, [(2, true), (0, false)]);
        assert!(reports[1].failure.as_ref().unwrap().contains("silent"));
    }

    #[test]
    fn what_a_suite_leaves_behind_is_not_waited_for() {
        let start = Instant::now();
        let reports = run_scripts(&["sleep 20 & echo 1 $WORD, 0 failed"], Duration::from_secs(100));
        assert!(reports[0].is_good());
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_suite_that_dies_before_it_has_counted_or_ends_badly_has_failed() {
        let reports = run_scripts(
            &["echo half", "echo 3 passed, 0 failed; exit 1", "exit 0"],
            Duration::from_secs(100),
        );
        assert!(reports.iter().all(|report| report.failure.is_some()));
    }

    #[test]
    fn suites_run_side_by_side() {
        let folder = std::env::temp_dir().join(format!("souk-xtask-run-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // Each waits until both are there.
        let script = format!(
            "cd {} && touch $$; until [ $(ls | wc -l) = 2 ]; do sleep 0.01; done; echo 1 passed, 0 failed",
            folder.display()
        );
        let reports = run_scripts(&[&script, &format!("{script} ")], Duration::from_secs(20));
        assert!(reports.iter().all(Report::is_good));
        fs::remove_dir_all(folder).unwrap();
    }
}
