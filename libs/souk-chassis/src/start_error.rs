//! Why a process did not start.

use std::fmt;

use crate::config::ConfigError;

/// Why a process did not start, or did not stop cleanly, in one line.
///
/// Any error becomes one by `?`, with what caused it.
#[derive(Debug)]
pub struct StartError {
    line: String,
    is_configuration: bool,
}

impl StartError {
    /// Returns an error about a setting: which, its value, and what is allowed. The process exits
    /// with 64.
    pub fn configuration(key: &str, value: &str, allowed: &str) -> Self {
        StartError { line: format!("{key} = {value:?}: {allowed}"), is_configuration: true }
    }

    /// Returns an error about anything else. The process exits with 1.
    pub fn new(line: impl Into<String>) -> Self {
        StartError { line: line.into(), is_configuration: false }
    }

    /// Returns the same error with what was being done in front: `orders: …`.
    #[must_use]
    pub fn during(mut self, what: &str) -> Self {
        self.line = format!("{what}: {}", self.line);
        self
    }

    /// Returns whether a setting is to blame.
    pub fn is_configuration(&self) -> bool {
        self.is_configuration
    }

    /// Returns the exit code of the process: 64 for a wrong setting (EX_USAGE of sysexits.h), else
    /// 1.
    pub fn exit_code(&self) -> u8 {
        if self.is_configuration { 64 } else { 1 }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        StartError { line: error.0, is_configuration: true }
    }
}

// StartError is no std::error::Error itself, so that everything that is one can become it.
impl<E: std::error::Error> From<E> for StartError {
    fn from(error: E) -> Self {
        let mut line = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many errors already print what caused them.
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        StartError { line: line.replace('\n', " "), is_configuration: false }
    }
}
