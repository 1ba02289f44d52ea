//! VoidPayment: releases what is authorised, whether the authorisation is known to have arrived or
//! not.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::VoidPayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::error::Error;
use crate::operation::Command;

impl Handle<VoidPayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::VoidPaymentRequest>,
    ) -> Result<pb::VoidPaymentResponse, Error> {
        let id = call.request.payment_id()?;

        let payment =
            self.operations.carry_out(id, Command::Void, Some(&call.caller), call.deadline).await?;

        Ok(pb::VoidPaymentResponse { payment: Some((&payment).into()) })
    }
}
