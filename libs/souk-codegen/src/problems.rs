//! The problems of the protos, collected so that one build reports all of them.

use std::fmt;

/// Everything that is wrong, a line each: file, element, and what it is.
pub struct Error(String);

impl Error {
    pub(crate) fn one(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Gathers problems.
#[derive(Default)]
pub struct Problems {
    list: Vec<String>,
}

impl Problems {
    /// Adds a problem of an element (its full name, or nothing) of a file.
    pub fn add(&mut self, file: &str, element: &str, text: &str) {
        let element = if element.is_empty() { String::new() } else { format!("{element}: ") };
        self.list.push(format!("{file}: {element}{text}"));
    }

    /// Ends in an error if there was any problem.
    pub fn finish(self) -> Result<(), Error> {
        if self.list.is_empty() { Ok(()) } else { Err(Error(self.list.join("\n"))) }
    }
}

/// Where problems are added for one element.
pub struct Element<'a> {
    /// The name of the proto file.
    pub file: &'a str,
    /// The full name of the element.
    pub name: &'a str,
    /// Where to add.
    pub problems: &'a mut Problems,
}

impl Element<'_> {
    /// Adds a problem of this element.
    pub fn problem(&mut self, text: &str) {
        self.problems.add(self.file, self.name, text);
    }
}
