//! Validation as generated code does it: a message checks itself and collects what is wrong, with
//! the path of each field.

use std::borrow::Cow;
use std::fmt;

use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{REASON_INVALID_FIELD, Shape};

/// How many violations are collected before checking stops, so that a hostile request cannot ask
/// for a response larger than the headers it must fit in.
pub const MAX_VIOLATIONS: usize = 16;

/// How many characters of a map's key a path shows.
const MAX_KEY: usize = 64;

/// A message that can check the `buf.validate` rules of its own fields. Implemented by generated
/// code only.
pub trait Validate {
    /// Whether the message is the input of some method, so that a server must check it while
    /// decoding.
    const IS_REQUEST: bool;

    /// The domain of the error when the message is refused: its package without the version.
    const DOMAIN: &'static str;

    /// What is counted in the message before it is decoded; nothing, when it is the input of no
    /// method.
    const SHAPE: &'static Shape;

    /// Adds the violations of this message, which is at `path`, to `out`.
    fn check(&self, path: &Path<'_>, out: &mut Violations);

    /// Checks the whole message.
    ///
    /// # Errors
    /// At least one and at most [`MAX_VIOLATIONS`] violations.
    fn validate(&self) -> Result<(), Violations> {
        let mut out = Violations::default();
        self.check(&Path::Root, &mut out);
        if out.is_empty() { Ok(()) } else { Err(out) }
    }
}

/// The path of a field in a message. Made on the stack on the way down; text is made only for a
/// violation.
#[derive(Clone, Copy)]
pub enum Path<'a> {
    /// The message itself.
    Root,
    /// A field of the message at a path.
    Field(&'a Path<'a>, &'static str),
    /// An item of the list at a path.
    Index(&'a Path<'a>, usize),
    /// An entry of the map at a path.
    Key(&'a Path<'a>, &'a dyn fmt::Debug),
}

impl<'a> Path<'a> {
    /// Returns the path of a field of the message at this path.
    #[inline]
    pub fn field(&'a self, name: &'static str) -> Path<'a> {
        Path::Field(self, name)
    }

    /// Returns the path of an item of the list at this path.
    #[inline]
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }

    /// Returns the path of an entry of the map at this path.
    #[inline]
    pub fn key(&'a self, key: &'a dyn fmt::Debug) -> Path<'a> {
        Path::Key(self, key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => {
                let key = format!("{key:?}");
                match key.char_indices().nth(MAX_KEY) {
                    None => write!(f, "{parent}[{key}]"),
                    Some((end, _)) => write!(f, "{parent}[{}…]", &key[..end]),
                }
            }
        }
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One field that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field: `lines[0].quantity`. Empty for the message itself.
    pub field: String,
    /// What must be so: `must be at least 1`. Never repeats the value.
    pub description: Cow<'static, str>,
    /// The rule as protovalidate names it: `int32.gte`.
    pub rule: &'static str,
}

/// Everything that is wrong with a message, up to [`MAX_VIOLATIONS`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations {
    list: Vec<Violation>,
}

impl Violations {
    /// Returns whether nothing is wrong.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether so much is wrong that looking further is useless.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.list.len() >= MAX_VIOLATIONS
    }

    /// Returns the violations in the order of the fields.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.list.iter()
    }

    /// Adds a violation, unless the list is full.
    #[cold]
    pub fn add(
        &mut self,
        path: Path<'_>,
        rule: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) {
        if !self.is_full() {
            self.list.push(Violation {
                field: path.to_string(),
                description: description.into(),
                rule,
            });
        }
    }

    /// Adds a violation of a rule about a size, and says what the size is:
    /// `must be 3 to 128 characters, has 2`.
    #[cold]
    pub fn add_size(
        &mut self,
        path: Path<'_>,
        rule: &'static str,
        description: &'static str,
        size: usize,
    ) {
        self.add(path, rule, format!("{description}, has {size}"));
    }

    /// Returns INVALID_ARGUMENT with a BadRequest that names each field and an ErrorInfo with the
    /// reason `ERROR_REASON_INVALID_FIELD` and the given domain.
    #[cold]
    pub fn into_status(self, domain: &'static str) -> tonic::Status {
        let message = self.to_string();
        let violations = self
            .list
            .into_iter()
            .map(|one| FieldViolation::new(one.field, one.description.into_owned()))
            .collect::<Vec<_>>();
        let mut details = ErrorDetails::with_bad_request(violations);
        details.set_error_info(REASON_INVALID_FIELD, domain, std::collections::HashMap::new());
        tonic::Status::with_error_details(tonic::Code::InvalidArgument, message, details)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.list.first() else {
            return f.write_str("nothing is wrong");
        };
        if first.field.is_empty() {
            write!(f, "request {}", first.description)?;
        } else {
            write!(f, "field {} {}", first.field, first.description)?;
        }
        match self.list.len() - 1 {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl std::error::Error for Violations {}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// Replaces a field with `debug_redact` in generated `Debug` output.
pub struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
