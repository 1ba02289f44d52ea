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
        let new = convert::authorization(&call.caller, call.request)?;
        // Asked before anything is written, so that a typing error leaves nothing behind.
        if !new.method.as_ref().is_some_and(|method| self.provider.knows(method)) {
            return Err(Error::UnknownMethod);
        }

        let payment = self
            .operations
            .carry_out(new.id, Command::Authorize(new), Some(&call.caller), call.deadline)
            .await?;

        Ok(pb::AuthorizePaymentResponse { payment: Some((&payment).into()) })
    }
}
