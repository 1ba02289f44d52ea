//! AuditPayments: compares the payments, the ledger and the provider's own records.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::AuditPayments;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::audit;
use crate::error::Error;

impl Handle<AuditPayments> for PaymentRpc {
    async fn handle(
        &self,
        _call: Call<pb::AuditPaymentsRequest>,
    ) -> Result<pb::AuditPaymentsResponse, Error> {
        let report = audit::run(&self.db, &self.ledger, &*self.provider).await?;
        Ok(pb::AuditPaymentsResponse { findings: report.findings, counts: report.counts })
    }
}
