//! Which ordering keys lost an event within one append: no later event of such a key may be added
//! by it.

use std::collections::BTreeSet;

use super::AppendError;

/// The keys. An event without a key waits for no other.
#[derive(Default)]
pub struct Refused(BTreeSet<String>);

impl Refused {
    /// Refuses an event whose key has lost one.
    pub fn check(&self, key: &str) -> Result<(), AppendError> {
        if self.0.contains(key) {
            return Err(AppendError::Unavailable(
                "an earlier event with the same key was not added".into(),
            ));
        }
        Ok(())
    }

    /// Learns that an event of this key was not added.
    pub fn add(&mut self, key: &str) {
        if !key.is_empty() {
            self.0.insert(key.to_owned());
        }
    }
}
