//! RefundPayment: refunds captured money.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::RefundPayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::Error;
use crate::operation::Command;
use crate::store;

impl Handle<RefundPayment> for PaymentRpc {
    async fn handle(
        &self,
        call: Call<pb::RefundPaymentRequest>,
    ) -> Result<pb::RefundPaymentResponse, Error> {
        let id = call.request.payment_id()?;
        let refund = convert::refund(call.request)?;
        let refund_id = refund.id;

        let payment = self
            .operations
            .carry_out(id, Command::Refund(refund), Some(&call.caller), call.deadline)
            .await?;

        let refund = store::refund::find(&self.db.read(), refund_id).await?;
        let refund = refund.as_ref().map(Into::into);
        Ok(pb::RefundPaymentResponse { payment: Some((&payment).into()), refund })
    }
}
