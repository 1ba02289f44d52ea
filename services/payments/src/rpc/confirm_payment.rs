//! ConfirmPayment: asks the provider to authorise a payment.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ConfirmPayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::operation::Command;

impl Handle<ConfirmPayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ConfirmPaymentRequest>,
    ) -> Result<pb::ConfirmPaymentResponse, Error> {
        let id = call.request.payment_id()?;
        let new = convert::confirmation(call.request);
        if new.method.as_ref().is_some_and(|method| !self.provider.knows(method)) {
            return Err(Error::UnknownMethod);
        }

        if let Some(method) = &new.method {
            self.operations.make_way_for(id, method, &call.caller, call.deadline).await?;
        }
        let payment = self
            .operations
            .carry_out(id, Command::Confirm(new), Some(&call.caller), call.deadline)
            .await?;

        Ok(pb::ConfirmPaymentResponse { payment: Some((&payment).into()) })
    }
}
