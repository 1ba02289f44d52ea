//! AuthorizePayment: makes a payment and asks the provider to authorise it.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::AuthorizePaymentRequest>,
) -> Result<pb::AuthorizePaymentResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let new = convert::authorized(&caller, request.into_inner())?;
    // Asked before anything is written, so that a typing error leaves nothing behind.
    if !new.method.as_ref().is_some_and(|method| rpc.provider.knows(method)) {
        return Err(Error::UnknownMethod);
    }

    let payment = rpc.operations.carry_out(new.id, Command::Authorize(new), deadline).await?;

    Ok(pb::AuthorizePaymentResponse { payment: Some((&payment).into()) })
}
