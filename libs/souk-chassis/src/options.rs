//! How a process is run: its name, and where its settings come from.

use std::path::PathBuf;

use souk_types::Clock;

/// How a process is run: its name, and where its settings come from.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) program: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) overrides: Vec<(String, String)>,
    pub(crate) clock: Clock,
}

impl Options {
    /// Starts with the program's name, which is the prefix of its environment variables, and the
    /// present environment.
    pub fn new(program: &str) -> Self {
        let utf8 = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((key.into_string().ok()?, value.into_string().ok()?))
        };
        let environment = std::env::vars_os().filter_map(utf8).collect();
        Options {
            program: program.to_string(),
            file: None,
            environment,
            overrides: Vec::new(),
            clock: Clock::system(),
        }
    }

    /// Reads a configuration file (TOML) over the defaults.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Replaces the environment, so that a test depends on its own settings only.
    #[must_use]
    pub fn environment(mut self, variables: &[(&str, &str)]) -> Self {
        self.environment = variables
            .iter()
            .map(|(key, value)| ((*key).to_string(), (*value).to_string()))
            .collect();
        self
    }

    /// Runs the services on this clock, which a test moves.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets one setting by its dotted key (`server.listen`, `orders.data.url`); it wins over file
    /// and environment.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.overrides.push((key.to_string(), value.to_string()));
        self
    }
}
