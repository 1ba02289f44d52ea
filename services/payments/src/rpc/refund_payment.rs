//! RefundPayment: pays captured money back.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::RefundPaymentRequest>,
) -> Result<pb::RefundPaymentResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let request = request.into_inner();
    let id = convert::payment_id(&request.payment_id)?;
    rpc.check_may_change(&caller, id, instead::REFUND).await?;
    let wish = convert::refund(request)?;
    let refund = wish.id;

    let payment = rpc.operations.carry_out(id, Command::Refund(wish), deadline).await?;

    let refund = rpc.store.refund(refund).await?;
    Ok(pb::RefundPaymentResponse { payment: Some((&payment).into()), refund: refund.as_ref().map(Into::into) })
}
