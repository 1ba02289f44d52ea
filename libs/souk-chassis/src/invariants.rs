//! What a service checks of its own records, and souk.ops.v1.InvariantService, which every process
//! serves for all of its services.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use souk_contract::{Call, Handle, Handlers, PublicError, Refusal, Server};

use crate::pb::ops::v1 as pb;
use crate::pb::ops::v1::invariant_service::{self, CheckInvariants};

/// What a check of the invariants of a service found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What does not hold.
    pub findings: Vec<Finding>,
    /// How much was checked: what, and how many.
    pub counts: Vec<(String, i64)>,
}

/// One invariant that does not hold, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the invariant: words that never change.
    pub invariant: String,
    /// What violates it, such as the id of an order.
    pub subject: String,
    /// What was found, with the numbers.
    pub detail: String,
}

impl Report {
    /// The most findings of one check. Later ones are left out.
    pub const MAX_FINDINGS: u64 = 1000;

    /// Adds something that does not hold. The invariant is named in words that never change.
    pub fn add(&mut self, invariant: &str, subject: impl ToString, detail: impl Into<String>) {
        if (self.findings.len() as u64) < Self::MAX_FINDINGS {
            let subject = subject.to_string();
            let detail = detail.into();
            self.findings.push(Finding { invariant: invariant.to_owned(), subject, detail });
        }
    }

    /// Adds how many there are of something.
    pub fn count(&mut self, what: &str, count: i64) {
        self.counts.push((what.to_owned(), count));
    }
}

/// Why a check could not be made: an error of the service.
type NotChecked = Box<dyn PublicError + Send + Sync>;
type Checking = Pin<Box<dyn Future<Output = Result<Report, NotChecked>> + Send>>;
pub(crate) type Check = Arc<dyn Fn() -> Checking + Send + Sync>;

/// Makes the check of a service from its function.
pub(crate) fn check<F, Fut, E>(check: F) -> Check
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Report, E>> + Send + 'static,
    E: PublicError + Send + Sync + 'static,
{
    Arc::new(move || {
        let checking = check();
        Box::pin(async move { checking.await.map_err(|error| -> NotChecked { Box::new(error) }) })
    })
}

/// Serves the check of one service.
pub(crate) fn server(service: &'static str, check: Check) -> Server {
    invariant_service::server(InvariantRpc { service, check })
}

struct InvariantRpc {
    service: &'static str,
    check: Check,
}

impl Handlers for InvariantRpc {
    type Error = Unchecked;
}

/// The error of one service, under its name.
#[derive(Debug, thiserror::Error)]
#[error("the invariants of {service} could not be checked: {error}")]
pub(crate) struct Unchecked {
    service: &'static str,
    error: NotChecked,
}

impl PublicError for Unchecked {
    fn refusal(&self) -> Refusal {
        self.error.refusal()
    }
}

impl Handle<CheckInvariants> for InvariantRpc {
    async fn handle(
        &self,
        _call: Call<pb::CheckInvariantsRequest>,
    ) -> Result<pb::CheckInvariantsResponse, Unchecked> {
        let service = self.service;
        let report = (self.check)().await.map_err(|error| Unchecked { service, error })?;
        let findings = report.findings.into_iter().map(|found| pb::AuditFinding {
            invariant: found.invariant,
            subject: found.subject,
            detail: found.detail,
        });
        let counts = report.counts.into_iter().map(|(what, count)| pb::AuditCount { what, count });
        let report = pb::InvariantReport {
            service: service.to_owned(),
            findings: findings.collect(),
            counts: counts.collect(),
        };
        Ok(pb::CheckInvariantsResponse { reports: vec![report] })
    }
}
