//! How a process of a service is started: the command, and the settings that the starter decides.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::manifest::Manifest;

/// What the starter of a service decides. Each setting becomes an environment variable, which a
/// process in any language can read; it inherits the environment of the starter.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    settings: Vec<(String, String)>,
    program: Option<PathBuf>,
    wrapper: Vec<OsString>,
}

impl Launch {
    /// Starts with nothing decided.
    pub fn new() -> Launch {
        Launch::default()
    }

    /// Sets one setting by its dotted key: `server.listen`, `upstreams.events`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Launch {
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    /// Names the program to run as `souk` in a command.
    #[must_use]
    pub fn souk(mut self, program: impl Into<PathBuf>) -> Launch {
        self.program = Some(program.into());
        self
    }

    /// Starts the command through another, which gets it as its last arguments and must become it.
    #[must_use]
    pub fn through(mut self, wrapper: &[OsString]) -> Launch {
        self.wrapper = wrapper.to_vec();
        self
    }
}

impl Manifest {
    /// Returns the environment variables for these settings.
    pub fn environment(&self, launch: &Launch) -> Vec<(String, String)> {
        let settings = launch.settings.iter();
        settings.map(|(key, value)| (self.variable(key), value.clone())).collect()
    }

    /// Returns the environment variable of a setting: `RECOMMENDATIONS__SERVER__LISTEN` of
    /// `server.listen`.
    pub fn variable(&self, key: &str) -> String {
        format!(
            "{}__{}",
            self.environment_prefix(),
            key.to_uppercase().replace('.', "__").replace('-', "_")
        )
    }

    /// Returns the command that starts its process: in its folder, with these settings in the
    /// environment.
    pub fn command(&self, launch: &Launch) -> Command {
        let mut command = wrapped(&launch.wrapper, self.program(launch));
        command
            .args(&self.run.command[1..])
            .current_dir(&self.folder)
            .envs(self.environment(launch));
        command
    }

    /// Returns the program as a path that does not depend on the folder one is in.
    pub(crate) fn program(&self, launch: &Launch) -> PathBuf {
        let named = &self.run.command[0];
        match &launch.program {
            Some(souk) if named == "souk" => souk.clone(),
            _ => program_of(&self.folder, named),
        }
    }
}

/// Returns the command of a program, behind the wrapper's when there is one.
pub(crate) fn wrapped(wrapper: &[OsString], program: PathBuf) -> Command {
    let Some((first, rest)) = wrapper.split_first() else { return Command::new(program) };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    command
}

/// Returns a program: relative to the folder when it has a slash, else left to PATH.
pub fn program_of(folder: &Path, program: &str) -> PathBuf {
    if program.contains('/') { folder.join(program) } else { PathBuf::from(program) }
}
