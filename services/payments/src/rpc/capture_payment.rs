//! CapturePayment: captures authorised money, all of it or a part.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::CapturePayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::operation::Command;

impl Handle<CapturePayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::CapturePaymentRequest>,
    ) -> Result<pb::CapturePaymentResponse, Error> {
        let id = call.request.payment_id()?;
        self.check_may_change(&call.caller, id, instead::GET).await?;
        let capture = convert::capture(call.request)?;

        let payment =
            self.operations.carry_out(id, Command::Capture(capture), call.deadline).await?;

        Ok(pb::CapturePaymentResponse { payment: Some((&payment).into()) })
    }
}
