//! RefundPayment: pays captured money back.

use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service::RefundPayment;
use souk_contract::{Call, Handle};

use super::PaymentRpc;
use crate::convert;
use crate::error::{Error, instead};
use crate::store::Command;

impl Handle<RefundPayment> for PaymentRpc {
    async fn handle(&self, call: Call<pb::RefundPaymentRequest>) -> Result<pb::RefundPaymentResponse, Error> {
        let id = call.request.payment_id()?;
        self.check_may_change(&call.caller, id, instead::REFUND).await?;
        let wish = convert::refund(call.request)?;
        let refund = wish.id;

        let payment = self.operations.carry_out(id, Command::Refund(wish), call.deadline).await?;

        let refund = self.store.refund(refund).await?;
        Ok(pb::RefundPaymentResponse { payment: Some((&payment).into()), refund: refund.as_ref().map(Into::into) })
    }
}
