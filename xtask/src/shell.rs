//! Runs other programs, visibly, and times the parts of a command.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::failure::{Doing, Failure, Outcome};

/// Runs a program whose output the user sees; a non-zero exit is a failure.
pub fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    let status = command.status().doing(format_args!("run `{shown}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{shown}` failed ({status})")))
}

/// Runs a program and returns what it printed; its errors are part of the failure.
pub fn read(command: &mut Command) -> Outcome<String> {
    let shown = show(command);
    let output = command.stdin(Stdio::null()).output().doing(format_args!("run `{shown}`"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "`{shown}` failed ({}): {}",
            output.status,
            errors.trim()
        )));
    }
    String::from_utf8(output.stdout).doing(format_args!("read the output of `{shown}`"))
}

/// Runs a program and returns what it printed; its errors are shown as they come.
pub fn printed(command: &mut Command) -> Outcome<String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .doing(format_args!("run `{shown}`"))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`{shown}` failed ({})", output.status)));
    }
    String::from_utf8(output.stdout).doing(format_args!("read the output of `{shown}`"))
}

/// Waits until no other process holds this file, and holds it until the result is dropped or this
/// process ends.
pub fn alone(lock: &Path) -> Outcome<File> {
    if let Some(folder) = lock.parent() {
        fs::create_dir_all(folder).doing(format_args!("create {}", folder.display()))?;
    }
    let file = File::create(lock).doing(format_args!("create {}", lock.display()))?;
    file.lock().doing(format_args!("wait for {}", lock.display()))?;
    Ok(file)
}

/// Returns the cargo that runs this program.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Returns whether this runs in continuous integration, where nothing may be left out.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}

/// The parts of a command, each with its outcome and how long it took. A failed part does not stop
/// the next one.
#[derive(Default)]
pub struct Parts(Vec<Part>);

struct Part {
    name: String,
    took: Duration,
    failure: Option<Failure>,
}

impl Parts {
    /// Does one part under a heading.
    pub fn part(&mut self, name: &str, work: impl FnOnce() -> Outcome) {
        eprintln!("\n── {name}");
        let start = Instant::now();
        let failure = work().err();
        if let Some(failure) = &failure {
            eprintln!("{failure}");
        }
        self.0.push(Part { name: name.to_owned(), took: start.elapsed(), failure });
    }

    /// Prints the parts with their times and fails if one failed.
    pub fn finish(self) -> Outcome {
        eprintln!();
        for part in &self.0 {
            let mark = if part.failure.is_some() { "FAILED" } else { "ok" };
            eprintln!("{mark:>6}  {:>7.1} s  {}", part.took.as_secs_f64(), part.name);
        }
        let failed: Vec<&str> = self
            .0
            .iter()
            .filter(|part| part.failure.is_some())
            .map(|part| part.name.as_str())
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("failed: {}", failed.join(", "))))
    }
}
