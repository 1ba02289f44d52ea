//! Why a database takes no writes now: named in the log and in the answer of a readiness check
//! until a write works again.

use parking_lot::Mutex;

use crate::Error;

/// What the last failed write met, until a probe has shown that it is over.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// The database's own name: a file's path, or that of a service on PostgreSQL.
    place: String,
    now: Mutex<Option<String>>,
}

impl Trouble {
    pub(crate) fn new(place: String) -> Self {
        Trouble { place, now: Mutex::new(None) }
    }

    /// Keeps and logs a failure that says something about the database, not about one write.
    pub(crate) fn met(&self, error: &Error) {
        let place = &self.place;
        let text = match error {
            Error::Full(text) => {
                format!("{place} cannot grow, its disk or its limit is full: {text}")
            }
            Error::Unavailable(text) | Error::Corrupt(text) => {
                format!("{place} takes no writes: {text}")
            }
            _ => return,
        };
        self.met_with(text);
    }

    /// Keeps and logs a failure in these words.
    pub(crate) fn met_with(&self, text: String) {
        let mut now = self.now.lock();
        if now.as_ref() != Some(&text) {
            tracing::error!(database.path = self.place, "{text}");
            *now = Some(text);
        }
    }

    /// Returns what is wrong now.
    pub(crate) fn get(&self) -> Option<Error> {
        self.now.lock().clone().map(Error::unavailable)
    }

    /// Takes it that writes work again.
    pub(crate) fn is_over(&self) {
        if self.now.lock().take().is_some() {
            tracing::info!(database.path = self.place, "{} takes writes again", self.place);
        }
    }
}
