//! GetPayment: one payment as it stands.

use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::GetPaymentRequest>,
) -> Result<pb::GetPaymentResponse, Error> {
    let id = convert::payment_id(&request.into_inner().payment_id)?;
    let payment = rpc.store.payment(id).await?;
    Ok(pb::GetPaymentResponse { payment: Some((&payment).into()) })
}
