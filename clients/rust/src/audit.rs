//! What an audit answers: what does not hold, and how much there is of everything.

use crate::types::v1::{AuditCount, AuditFinding};

/// The findings and counts of one audit, as its response has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub findings: Vec<AuditFinding>,
    pub counts: Vec<AuditCount>,
}

impl Report {
    /// The most findings of one audit. Later ones are left out.
    pub const MAX_FINDINGS: u64 = 1000;

    /// Adds something that does not hold. The invariant is named in words that never change.
    pub fn add(&mut self, invariant: &str, subject: impl ToString, detail: impl Into<String>) {
        if (self.findings.len() as u64) < Self::MAX_FINDINGS {
            let subject = subject.to_string();
            let detail = detail.into();
            self.findings.push(AuditFinding { invariant: invariant.to_owned(), subject, detail });
        }
    }

    /// Adds how many there are of something.
    pub fn count(&mut self, what: &str, count: i64) {
        self.counts.push(AuditCount { what: what.to_owned(), count });
    }
}
