//! `cargo xtask test`: every test there is, on both engines, with one line of totals at the end.

use std::{
    ffi::OsString,
    fs,
    io::{IsTerminal, Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    brokers,
    failure::{Doing, Failure, Outcome},
    postgres::{Postgres, URL_VARIABLE},
    shell::{self, Parts},
    tally::Tally,
    tools::Tools,
    workspace::Workspace,
};

#[derive(clap::Args, Default)]
pub struct Options {
    /// Runs only the tests, and the scripts, whose name contains this; or a whole room of tests/, such as `attack`.
    filter: Option<String>,
    /// Runs the long forms too: random kills, split processes, more cases. Takes an hour or more.
    #[arg(long)]
    nightly: bool,
}

impl Options {
    /// How long tests may say nothing: by day the slowest says something every minute, at night some work for long.
    fn silence(&self) -> Duration {
        Duration::from_secs(if self.nightly { 3600 } else { 900 })
    }
}

/// Makes tools and database ready, runs all tests, and stops what it started.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let start = Instant::now();
    let mut parts = Parts::default();
    let mut tally = Tally::default();
    let mut environment: Vec<(OsString, OsString)> = Vec::new();
    let mut postgres = None;

    parts.part("tools", || {
        let tools = Tools::ready(workspace)?;
        environment.extend(tools.environment().map(|(name, path)| (name.into(), path.into())));
        Ok(())
    });
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
                eprintln!("WARNING: {failure}\nWARNING: tests on PostgreSQL are SKIPPED; what only it would show stays unseen.");
                Ok(())
            }
        }
    });
    parts.part("brokers", || {
        environment.extend(brokers::ready(workspace)?.into_iter().map(|(name, path)| (name.into(), path.into())));
        Ok(())
    });
    if options.nightly {
        environment.push(("SOUK_NIGHTLY".into(), "1".into()));
    }
    parts.part("cargo test", || cargo_test(workspace, options, &environment, &mut tally));
    for script in scripts(workspace)? {
        let name = script.strip_prefix(&workspace.root).unwrap_or(&script).display().to_string();
        if options.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str())) {
            parts.part(&name, || script_test(workspace, &script, options.silence(), &environment, &mut tally));
        }
    }
    // Explicit, so that the data is gone before the summary says that all is done.
    drop(postgres);

    let outcome = parts.finish();
    eprintln!("{:>15.1} s  in all", start.elapsed().as_secs_f64());
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    outcome?;
    if tally.failed > 0 || (tally.passed == 0 && options.filter.is_none()) {
        return Err(Failure::new("not every test passed"));
    }
    Ok(())
}

/// Builds first, with cargo's own progress, then runs: the two times are worth knowing apart.
fn cargo_test(
    workspace: &Workspace,
    options: &Options,
    environment: &[(OsString, OsString)],
    tally: &mut Tally,
) -> Outcome {
    // The bus is tested on every engine, also the one that the shop is built without. The night also kills on a file system that
    // drops what was not synced. That is a build of its own, which the day does not wait for.
    let features = if options.nightly { "souk/kafka,souk-data/unsynced-vfs" } else { "souk/kafka" };
    let features = ["--features", features];
    let mut build = workspace.cargo();
    build.args(["test", "--workspace", "--no-run", "--quiet"]).args(features);
    let built = timed(|| shell::run(&mut build));
    let (took, outcome) = built;
    eprintln!("built in {:.1} s", took.as_secs_f64());
    outcome?;

    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).args(features);
    let is_room = |name: &&String| workspace.root.join("tests").join(name).join("main.rs").is_file();
    let room = options.filter.as_ref().filter(is_room);
    if let Some(room) = room {
        command.args(["--test", room]);
    }
    command.args(["--", "--quiet"]);
    if std::io::stdout().is_terminal() {
        command.args(["--color", "always"]);
    }
    if room.is_none() {
        command.args(&options.filter);
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let (took, outcome) = timed(|| run_counting(&mut command, options.silence(), |line| tally.read_cargo(line)));
    eprintln!("ran in {:.1} s", took.as_secs_f64());
    outcome
}

/// Runs one script; the last line that it prints tells how many of its checks passed and failed.
fn script_test(
    workspace: &Workspace,
    script: &PathBuf,
    silence: Duration,
    environment: &[(OsString, OsString)],
    tally: &mut Tally,
) -> Outcome {
    let tools = Tools::ready(workspace)?;
    let mut command = workspace.command(&tools.python);
    command.arg(script);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let mut last = String::new();
    let outcome = run_counting(&mut command, silence, |line| {
        if !line.trim().is_empty() {
            line.clone_into(&mut last);
        }
    });
    if !tally.read_script(&last) {
        // A script that died before it counted is one failed test.
        tally.failed += 1;
        outcome?;
        return Err(Failure::new("the script did not end with a line such as `3 passed, 0 failed`"));
    }
    outcome
}

/// Returns the script tests: `tests/<room>/<name>_test.py`.
fn scripts(workspace: &Workspace) -> Outcome<Vec<PathBuf>> {
    let tests = workspace.root.join("tests");
    let mut scripts = Vec::new();
    for room in fs::read_dir(&tests).doing("read tests")?.flatten() {
        let files = fs::read_dir(room.path()).into_iter().flatten().flatten();
        scripts.extend(files.map(|file| file.path()).filter(|path| path.to_string_lossy().ends_with("_test.py")));
    }
    scripts.sort();
    Ok(scripts)
}

/// Runs a program, passes its output on and shows each line to `read`. When it says nothing for so long, what it runs is killed:
/// a test that waits without end is one failed test, and not the end of all others.
fn run_counting(command: &mut Command, silence: Duration, mut read: impl FnMut(&str)) -> Outcome {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().doing("start the tests")?;
    let mut output = child.stdout.take().ok_or_else(|| Failure::new("the tests have no output"))?;
    let (pieces, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut piece) {
            if pieces.send(piece[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut line = Vec::new();
    let mut killed = false;
    loop {
        match heard.recv_timeout(silence) {
            Ok(piece) => {
                let mut out = std::io::stdout().lock();
                out.write_all(&piece).and_then(|()| out.flush()).doing("pass on the output of the tests")?;
                for byte in piece {
                    match byte {
                        b'\n' => read(&String::from_utf8_lossy(&std::mem::take(&mut line))),
                        _ => line.push(byte),
                    }
                }
            }
            // What it left behind holds its output open, and is nobody's test.
            Err(RecvTimeoutError::Timeout) if child.try_wait().is_ok_and(|status| status.is_some()) => break,
            Err(RecvTimeoutError::Timeout) => {
                eprintln!(
                    "\nNOTHING WAS HEARD for {silence:?}: what runs now is killed. Its tests that were slow are named above."
                );
                killed = true;
                let running = children_of(child.id());
                for id in if running.is_empty() { vec![child.id()] } else { running } {
                    let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if !line.is_empty() {
        read(&String::from_utf8_lossy(&line));
    }
    let status = child.wait().doing("wait for the tests")?;
    if status.success() && !killed {
        return Ok(());
    }
    Err(Failure::new(format!("tests failed ({status})")))
}

/// Returns the processes that this one has started and that still run.
fn children_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    // After the name in brackets, which may hold anything, come the state and the parent.
    let parent_of = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    ids.filter(|id| parent_of(id) == Some(parent)).collect()
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_falls_silent_is_killed_and_what_comes_after_it_still_runs() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; sleep 1000; echo second"]);
        let mut lines = vec![];
        let outcome = run_counting(&mut command, Duration::from_millis(300), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["first", "second"]);
        assert!(outcome.is_err(), "what was killed has failed");
    }

    #[test]
    fn what_a_program_leaves_behind_is_not_waited_for() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; sleep 20 &"]);
        let start = Instant::now();
        run_counting(&mut command, Duration::from_millis(300), |_| {}).unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_is_said_in_time_is_passed_on_line_by_line() {
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'fi'; sleep 0.05; printf 'rst\nsecond'"]);
        let mut lines = vec![];
        run_counting(&mut command, Duration::from_secs(60), |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(lines, ["first", "second"]);
    }
}
