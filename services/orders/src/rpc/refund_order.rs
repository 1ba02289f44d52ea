//! RefundOrder: pays back some lines, an amount, or all that is left, and takes goods back on hand
//! if asked.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::RefundOrder;
use souk_contract::{Call, Handle};
use souk_types::RefundId;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::order::{Order, RefundState};
use crate::start::{Operation, StartOutcome};

impl Handle<RefundOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::RefundOrderRequest>,
    ) -> Result<pb::RefundOrderResponse, Error> {
        let caller = call.caller;
        let deadline = call.deadline;
        let now = self.clock.now();
        let request = call.request;
        let id = request.order_id()?;
        let effective_time = convert::effective_time(request.effective_time, now)?;
        let key = convert::refund_key(&caller, &request);
        let wanted = convert::refund(&caller, request, effective_time)?;
        let refund = RefundId::of_step(id.as_uuid(), &key.key);

        let permit = self.sagas.permit().await;
        let operation = Operation::Refund { id: refund, refund: wanted, request: key };
        let order = match self.start(id, operation, deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let milestone = self.sagas.start(permit, saga, *order);
                self.reached(id, milestone, deadline).await?.order
            }
            StartOutcome::Order(order) => {
                drop(permit);
                let has_ended =
                    |order: &Order| state_of(order, refund) != Some(RefundState::Pending);
                self.wait_until(*order, deadline, has_ended).await?
            }
        };
        if state_of(&order, refund) == Some(RefundState::Failed) {
            return Err(Error::RefundDeclined { order: id, refund });
        }
        let found = order.refund(refund);
        Ok(pb::RefundOrderResponse { order: Some((&order).into()), refund: found.map(Into::into) })
    }
}

fn state_of(order: &Order, refund: RefundId) -> Option<RefundState> {
    order.refund(refund).map(|refund| refund.state)
}
