//! CapturePayment: takes authorised money, all of it or a part.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::CapturePaymentRequest>,
) -> Result<pb::CapturePaymentResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let request = request.into_inner();
    let id = convert::payment_id(&request.payment_id)?;
    rpc.check_may_change(&caller, id, instead::GET).await?;
    let wish = convert::capture(request)?;

    let payment = rpc.operations.carry_out(id, Command::Capture(wish), deadline).await?;

    Ok(pb::CapturePaymentResponse { payment: Some((&payment).into()) })
}
