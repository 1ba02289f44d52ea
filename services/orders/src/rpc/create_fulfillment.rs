//! CreateFulfillment: records that goods of a paid order have left.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CreateFulfillment;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::order::Order;
use crate::reason::Reason;
use crate::start::{Operation, StartOutcome};
use crate::store;

impl Handle<CreateFulfillment> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CreateFulfillmentRequest>,
    ) -> Result<pb::CreateFulfillmentResponse, Error> {
        let deadline = call.deadline;
        let now = self.clock.now();
        let request = call.request;
        let id = request.order_id()?;
        let effective_time = convert::effective_time(request.effective_time, now)?;
        let key = convert::fulfillment_key(&call.caller, &request);
        let new = convert::new_fulfillment(&call.caller, request.fulfillment, effective_time, now)?;

        let permit = self.sagas.permit().await;
        let operation = Operation::Fulfill { new, request: key.clone() };
        let order = match self.start(id, operation, deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let milestone = self.sagas.start(permit, saga, *order);
                let reached = self.reached(id, milestone, deadline).await?;
                if let Some((reason, facts)) = reached.refusal {
                    return Err(refused(&reached.order, reason, facts));
                }
                reached.order
            }
            StartOutcome::Order(order) => {
                drop(permit);
                self.wait_until(*order, deadline, |order| order.pending().is_none()).await?
            }
        };
        let found = store::fulfillment::of_request(&self.db.read(), &key).await?;
        let Some((_, fulfillment)) = found else {
            // The provider had released the authorization; or the call that this one repeats was
            // refused.
            let is_open = order.is_open() && order.pending().is_none();
            return Err(if is_open { Error::Busy(id) } else { order.not_now() });
        };
        let (_, fulfillment) = store::fulfillment::show(&self.db.read(), fulfillment).await?;
        Ok(pb::CreateFulfillmentResponse {
            order: Some((&order).into()),
            fulfillment: Some(convert::fulfillment(id, &fulfillment)),
        })
    }
}

fn refused(order: &Order, reason: Reason, facts: Vec<(String, String)>) -> Error {
    match reason {
        Reason::PaymentDeclined => {
            let payment = order.share_to_capture().id;
            Error::CaptureDeclined { order: order.id, payment, facts }
        }
        Reason::StockNotOnHand => Error::StockNotOnHand { order: order.id, facts },
        _ => Error::OutOfStep { order: order.id, facts },
    }
}
