//! CapturePayment: captures authorised money, all of it or a part.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::CapturePayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::capture::Capture;
use crate::convert;
use crate::error::Error;
use crate::operation::Command;
use crate::store;

impl Handle<CapturePayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::CapturePaymentRequest>,
    ) -> Result<pb::CapturePaymentResponse, Error> {
        let id = call.request.payment_id()?;
        let capture = convert::capture(call.request)?;
        let capture_id = capture.id;

        let payment = self
            .operations
            .carry_out(id, Command::Capture(capture), Some(&call.caller), call.deadline)
            .await?;

        let attempt = store::attempt::of_capture(&self.db.read(), capture_id).await?;
        let capture = attempt.and_then(|attempt| Capture::of(&payment, &attempt));
        let capture = capture.as_ref().map(Into::into);
        Ok(pb::CapturePaymentResponse { payment: Some((&payment).into()), capture })
    }
}
