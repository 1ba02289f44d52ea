//! Prepares the environment of a service: packages of its interpreter, compiled sources. Once, and
//! again when its inputs have changed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::launch::{Launch, program_of, wrapped};
use crate::manifest::{Manifest, Prepare};
use crate::stamp;

/// Holds the stamp of the environment that is there; in the service's folder.
const STAMP: &str = ".souk-prepared";
/// Held while an environment is made; where the steps run, since two services may share a folder of
/// packages.
const LOCK: &str = ".souk-prepare.lock";
/// How much of a failed step's output is reported.
const TOLD_LINES: usize = 3;

/// Why a service cannot run here.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    /// The interpreter is missing.
    #[error("{needs} is not installed")]
    NotInstalled {
        /// The program that was looked for.
        needs: String,
    },
    /// A step did not succeed.
    #[error("`{step}` failed ({outcome}){}{said}", if said.is_empty() { "" } else { ": " })]
    StepFailed {
        /// The command.
        step: String,
        /// How it ended.
        outcome: String,
        /// The last that it said, in one line.
        said: String,
    },
    /// The files of the environment could not be read or written.
    #[error("its environment cannot be created: {0}")]
    Files(#[from] io::Error),
}

impl CannotRun {
    /// Returns whether a retry may succeed later without a change here: a registry becomes
    /// reachable again, disk space is freed. A program that is not installed stays so.
    pub fn may_pass(&self) -> bool {
        match self {
            CannotRun::NotInstalled { .. } => false,
            CannotRun::StepFailed { .. } | CannotRun::Files(_) => true,
        }
    }
}

impl Manifest {
    /// Says at once whether the interpreter is missing; takes no time and changes nothing.
    ///
    /// # Errors
    /// [`CannotRun::NotInstalled`].
    pub fn check_installed(&self) -> Result<(), CannotRun> {
        match &self.prepare {
            Some(prepare) => interpreter(prepare).map(drop),
            None => Ok(()),
        }
    }

    /// Returns whether the environment is there and made from what is there now.
    pub fn is_prepared(&self) -> bool {
        let Some(prepare) = &self.prepare else { return true };
        let Ok(interpreter) = interpreter(prepare) else { return false };
        stamp::of(self, prepare, &interpreter).is_ok_and(|wanted| self.has(&wanted))
    }

    /// Makes the environment unless it is there, or always when the steps find out themselves what
    /// has changed; waits while another process makes it. `progress` gets each step before it runs,
    /// and every line that a step says. Steps are started through `wrapper`, as by
    /// [`Launch::through`].
    ///
    /// Call it from a thread of its own: it may take minutes, and the steps are children of that
    /// thread.
    ///
    /// # Errors
    /// Why the service cannot run here.
    pub fn prepare(
        &self,
        wrapper: &[OsString],
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), CannotRun> {
        let Some(prepare) = &self.prepare else { return Ok(()) };
        let interpreter = interpreter(prepare)?;
        if !prepare.always && self.has(&stamp::of(self, prepare, &interpreter)?) {
            return Ok(());
        }
        let directory = self.folder.join(&prepare.directory);
        let lock = File::create(directory.join(LOCK))?;
        if lock.try_lock().is_err() {
            progress("waiting for another process that is preparing it");
            lock.lock()?;
        }
        // Another process may have prepared it meanwhile.
        let wanted = stamp::of(self, prepare, &interpreter)?;
        if !prepare.always && self.has(&wanted) {
            return Ok(());
        }
        // A half-made environment must not pass for the old one.
        let stamp = self.folder.join(STAMP);
        match fs::remove_file(&stamp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        for step in &prepare.steps {
            progress(&format!("preparing: {}", step.join(" ")));
            run(step, &directory, wrapper, progress)?;
        }
        // Inputs that changed while the steps ran lead to another stamp, and so to another
        // preparation.
        fs::write(&stamp, wanted)?;
        Ok(())
    }

    /// Returns whether the environment with this stamp is there, and its program has not been taken
    /// away since.
    fn has(&self, wanted: &str) -> bool {
        let program = self.program(&Launch::new());
        let is_there = !self.run.command[0].contains('/') || program.exists();
        is_there && fs::read_to_string(self.folder.join(STAMP)).is_ok_and(|found| found == wanted)
    }
}

fn interpreter(prepare: &Prepare) -> Result<PathBuf, CannotRun> {
    program_on_path(&prepare.needs)
        .ok_or_else(|| CannotRun::NotInstalled { needs: prepare.needs.clone() })
}

/// Returns where a program of this name is installed, by PATH.
pub fn program_on_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_program = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(is_program);
    }
    let found = std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(is_program)?;
    // The version that a link leads to, so that another version counts as another interpreter.
    Some(found.canonicalize().unwrap_or(found))
}

fn run(
    step: &[String],
    directory: &Path,
    wrapper: &[OsString],
    progress: &mut dyn FnMut(&str),
) -> Result<(), CannotRun> {
    let failed = |outcome: String, said: String| CannotRun::StepFailed {
        step: step.join(" "),
        outcome,
        said,
    };
    // One pipe for both of its outputs, so that one reader sees them in order and cannot starve the
    // other.
    let (reader, writer) = io::pipe()?;
    let mut command = wrapped(wrapper, program_of(directory, &step[0]));
    command
        .args(&step[1..])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let child = command.spawn();
    // The command holds our ends of the pipe; while it lives, reading would not end.
    drop(command);
    let mut child = child.map_err(|error| failed(error.to_string(), String::new()))?;

    let mut last: Vec<String> = Vec::new();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if text.is_empty() {
            continue;
        }
        progress(&text);
        if last.len() == TOLD_LINES {
            last.remove(0);
        }
        last.push(text);
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string(), last.join(" / "))) }
}
