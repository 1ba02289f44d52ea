//! What a command of `cargo xtask` fails with: one sentence for the person in front of it.

use std::fmt;

/// The result of a step.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Says in one sentence what went wrong.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// Makes a failure of a sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Failure(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds what was being done to an error.
pub trait Doing<T> {
    /// Turns the error into "cannot {doing}: {error}".
    fn doing(self, doing: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: fmt::Display> Doing<T> for Result<T, E> {
    fn doing(self, doing: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("cannot {doing}: {error}")))
    }
}

/// Prints what breaks a rule and fails when there is any.
pub fn report(breaches: &[String]) -> Outcome {
    if breaches.is_empty() {
        return Ok(());
    }
    for breach in breaches {
        eprintln!("  {breach}");
    }
    Err(Failure::new(match breaches.len() {
        1 => "1 breach".to_owned(),
        count => format!("{count} breaches"),
    }))
}
