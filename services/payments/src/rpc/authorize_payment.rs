//! AuthorizePayment: creates a payment and asks the provider to authorise it.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::AuthorizePayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::operation::Command;

impl Handle<AuthorizePayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::AuthorizePaymentRequest>,
    ) -> Result<pb::AuthorizePaymentResponse, Error> {
        // It makes the payment that an intent of the same fields would make.
        let request = call.request;
        let intent = pb::CreatePaymentIntentRequest {
            payment_id: request.payment_id,
            order_id: request.order_id,
            customer_id: request.customer_id,
            amount: request.amount,
            effective_time: request.effective_time,
            payment_method: request.payment_method,
        };
        let new = convert::new_payment(&call.caller, intent)?;
        // Asked before anything is written, so that a typing error leaves nothing behind.
        if !new.method.as_ref().is_some_and(|method| self.provider.knows(method)) {
            return Err(Error::UnknownMethod);
        }

        let payment =
            self.operations.carry_out(new.id, Command::Authorize(new), call.deadline).await?;

        Ok(pb::AuthorizePaymentResponse { payment: Some((&payment).into()) })
    }
}
