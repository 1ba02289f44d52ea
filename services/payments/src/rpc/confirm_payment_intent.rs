//! ConfirmPaymentIntent: asks the provider to authorise a payment.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::ConfirmPaymentIntentRequest>,
) -> Result<pb::ConfirmPaymentIntentResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let request = request.into_inner();
    let id = convert::payment_id(&request.payment_id)?;
    rpc.check_may_change(&caller, id, instead::PLACE).await?;
    let method = convert::method(request.payment_method);
    if method.as_ref().is_some_and(|method| !rpc.provider.knows(method)) {
        return Err(Error::UnknownMethod);
    }

    let payment = rpc.operations.carry_out(id, Command::Confirm(method), deadline).await?;

    Ok(pb::ConfirmPaymentIntentResponse { payment: Some((&payment).into()) })
}
