//! AuditPayments: do the payments, the ledger and the provider's own book say the same?

use souk_client::payments::v1 as pb;
use souk_client::types::v1::{AuditCount, AuditFinding};
use tonic::Request;

use super::PaymentRpc;
use crate::audit;
use crate::error::Error;

pub async fn handle(
    rpc: &PaymentRpc,
    _request: Request<pb::AuditPaymentsRequest>,
) -> Result<pb::AuditPaymentsResponse, Error> {
    let report = audit::run(&rpc.store, &rpc.ledger, &*rpc.provider).await?;
    Ok(pb::AuditPaymentsResponse {
        findings: report
            .findings
            .into_iter()
            .map(|finding| AuditFinding {
                invariant: finding.invariant.to_owned(),
                subject: finding.subject,
                detail: finding.detail,
            })
            .collect(),
        counts: report.counts.into_iter().map(|(what, count)| AuditCount { what: what.to_owned(), count }).collect(),
    })
}
