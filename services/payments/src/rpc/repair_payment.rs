//! RepairPayment: writes the missing ledger transfers of a payment again, for example after the
//! ledger was restored from an older backup.

use std::collections::HashSet;

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::RepairPayment;
use souk_contract::{Call, Handle};
use souk_data::Reader;
use souk_types::{PaymentId, TransferId};

use super::PaymentRpc;
use crate::attempt::Attempt;
use crate::error::Error;
use crate::payment::Payment;
use crate::store;
use crate::transfers;

impl Handle<RepairPayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::RepairPaymentRequest>,
    ) -> Result<pb::RepairPaymentResponse, Error> {
        let id = call.request.payment_id()?;
        let read = move |snapshot| async move { read(&snapshot, id).await };
        let (payment, attempts) = self.db.snapshot(read).await?;
        if payment.is_in_flight {
            return Err(Error::Busy(id));
        }

        let due = transfers::made_by(&attempts, payment.amount.currency);
        let ids: Vec<TransferId> = due.iter().map(|transfer| transfer.id).collect();
        let present: HashSet<TransferId> =
            self.ledger.transfers(&ids).await?.into_iter().map(|transfer| transfer.id).collect();
        let missing = ids.iter().position(|id| !present.contains(id)).unwrap_or(ids.len());
        // The ledger only ever loses its end. A gap is something else, and a hold that is written
        // after its capture would stay open.
        if ids[missing..].iter().any(|id| present.contains(id)) {
            let refusal = "it lacks a transfer but has a later one".to_owned();
            return Err(Error::LedgerRefused { payment: id, refusal });
        }
        self.ledger.post(&due[missing..]).await?;

        let transfers_written_count = i32::try_from(ids.len() - missing).unwrap_or(i32::MAX);
        let payment = Some((&payment).into());
        Ok(pb::RepairPaymentResponse { payment, transfers_written_count })
    }
}

/// Returns a payment with all its attempts, as of one moment.
async fn read(snapshot: &Reader, id: PaymentId) -> Result<(Payment, Vec<Attempt>), Error> {
    let payment = store::payment::get(snapshot, id).await?;
    let attempts = store::attempt::between(snapshot, id, id).await?;
    Ok((payment, attempts))
}
