//! CreatePaymentIntent: makes a payment that waits for its method or its confirmation.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::CreatePaymentIntentRequest>,
) -> Result<pb::CreatePaymentIntentResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let new = convert::created(&caller, request.into_inner())?;
    if new.method.as_ref().is_some_and(|method| !rpc.provider.knows(method)) {
        return Err(Error::UnknownMethod);
    }

    let payment = rpc.operations.carry_out(new.id, Command::Create(new), deadline).await?;

    Ok(pb::CreatePaymentIntentResponse { payment: Some((&payment).into()) })
}
