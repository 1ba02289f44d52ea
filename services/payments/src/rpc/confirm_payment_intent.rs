//! ConfirmPaymentIntent: asks the provider to authorise a payment.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::ConfirmPaymentIntent;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::operation::Command;

impl Handle<ConfirmPaymentIntent> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::ConfirmPaymentIntentRequest>,
    ) -> Result<pb::ConfirmPaymentIntentResponse, Error> {
        let id = call.request.payment_id()?;
        self.check_may_change(&call.caller, id, instead::PLACE).await?;
        let method = convert::method(call.request.payment_method);
        if method.as_ref().is_some_and(|method| !self.provider.knows(method)) {
            return Err(Error::UnknownMethod);
        }

        let payment =
            self.operations.carry_out(id, Command::Confirm(method), call.deadline).await?;

        Ok(pb::ConfirmPaymentIntentResponse { payment: Some((&payment).into()) })
    }
}
