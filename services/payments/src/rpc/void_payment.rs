//! VoidPayment: releases what is authorised, whether the authorisation is known to have arrived or not.

use souk_chassis::{Caller, Deadline};
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::store::Command;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::VoidPaymentRequest>,
) -> Result<pb::VoidPaymentResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let id = convert::payment_id(&request.into_inner().payment_id)?;
    rpc.check_may_change(&caller, id, instead::CANCEL).await?;

    let payment = rpc.operations.carry_out(id, Command::Void, deadline).await?;

    Ok(pb::VoidPaymentResponse { payment: Some((&payment).into()) })
}
