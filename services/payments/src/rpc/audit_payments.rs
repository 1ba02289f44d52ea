//! AuditPayments: do the payments, the ledger and the provider's own book say the same?

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::AuditPayments;
use souk_client::types::v1::{AuditCount, AuditFinding};
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::audit;
use crate::error::Error;

impl Handle<AuditPayments> for PaymentRpc {
    async fn handle(&self, _call: Call<pb::AuditPaymentsRequest>) -> Result<pb::AuditPaymentsResponse, Error> {
        let report = audit::run(&self.store, &self.ledger, &*self.provider).await?;
        let findings = report.findings.into_iter().map(|finding| AuditFinding {
            invariant: finding.invariant.to_owned(),
            subject: finding.subject,
            detail: finding.detail,
        });
        let counts = report.counts.into_iter().map(|(what, count)| AuditCount { what: what.to_owned(), count });
        Ok(pb::AuditPaymentsResponse { findings: findings.collect(), counts: counts.collect() })
    }
}
