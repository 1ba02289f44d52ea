//! CompletePaymentAction: goes on after the customer approved or declined at the action url.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::CompletePaymentActionRequest>,
) -> Result<pb::CompletePaymentActionResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let request = request.into_inner();
    let id = convert::payment_id(&request.payment_id)?;
    if let Caller::User(user) = &caller
        && rpc.store.payment(id).await?.customer != *user
    {
        return Err(Error::NotFound(id));
    }

    let command = Command::CompleteAction { approve: request.approve };
    let payment = rpc.operations.carry_out(id, command, deadline).await?;

    Ok(pb::CompletePaymentActionResponse { payment: Some((&payment).into()) })
}
