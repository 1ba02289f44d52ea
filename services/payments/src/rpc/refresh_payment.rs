//! RefreshPayment: asks the provider what happened to a payment, and continues.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::RefreshPayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<RefreshPayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::RefreshPaymentRequest>,
    ) -> Result<pb::RefreshPaymentResponse, Error> {
        let id = call.request.payment_id()?;
        let before = store::payment::get(&self.db.read(), id).await?;
        if !before.is_shown_to(&call.caller) {
            return Err(Error::NotFound(id));
        }

        let payment = self.operations.refresh(id, call.deadline).await?;

        let payment = convert::for_caller(&call.caller, &payment);
        Ok(pb::RefreshPaymentResponse { payment: Some(payment) })
    }
}
