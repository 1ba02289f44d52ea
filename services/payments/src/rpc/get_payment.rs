//! GetPayment: the current state of one payment.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::GetPayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<GetPayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::GetPaymentRequest>,
    ) -> Result<pb::GetPaymentResponse, Error> {
        let id = call.request.payment_id()?;
        let payment = store::payment::get(&self.db.read(), id).await?;
        if !payment.is_shown_to(&call.caller) {
            return Err(Error::NotFound(id));
        }

        let payment = convert::for_caller(&call.caller, &payment);
        Ok(pb::GetPaymentResponse { payment: Some(payment) })
    }
}
