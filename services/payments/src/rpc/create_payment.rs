//! CreatePayment: creates a payment that waits for its method or its confirmation.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::CreatePayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::operation::Command;

impl Handle<CreatePayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::CreatePaymentRequest>,
    ) -> Result<pb::CreatePaymentResponse, Error> {
        let new = convert::new_payment(&call.caller, call.request)?;
        if new.method.as_ref().is_some_and(|method| !self.provider.knows(method)) {
            return Err(Error::UnknownMethod);
        }

        let payment = self
            .operations
            .carry_out(new.id, Command::Create(new), Some(&call.caller), call.deadline)
            .await?;

        Ok(pb::CreatePaymentResponse { payment: Some((&payment).into()) })
    }
}
