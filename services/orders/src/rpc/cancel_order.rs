//! CancelOrder: takes back what is open of an order, all of it or some units.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CancelOrder;
use souk_contract::{Call, Handle};
use souk_types::CancellationId;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::start::{Operation, StartOutcome};
use crate::state::State;

impl Handle<CancelOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CancelOrderRequest>,
    ) -> Result<pb::CancelOrderResponse, Error> {
        let deadline = call.deadline;
        let id = call.request.order_id()?;
        self.visible_order(&call.caller, id).await?;

        let cancellation = convert::cancellation(&call.caller, &call.request);
        let part = convert::canceled_units(&call.caller, &call.request)?;
        let part_id = CancellationId::new(self.clock.now());
        let key = part.as_ref().map(|(_, request)| request.clone());
        let operation = match part {
            Some((units, request)) => {
                Operation::CancelLines { id: part_id, units, cancellation, request }
            }
            None => Operation::Cancel(cancellation),
        };
        let permit = self.sagas.permit().await;
        let order = match self.start(id, operation, deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let refund = order.cancel_refund();
                let captures = order.cancel_plan(false).capture.is_some();
                let milestone = self.sagas.start(permit, saga, *order);
                let reached = self.reached(id, milestone, deadline).await?;
                match reached.refusal {
                    Some((_, facts)) if captures => {
                        let payment = reached.order.payment_id();
                        return Err(Error::CaptureDeclined { order: id, payment, facts });
                    }
                    Some(_) => return Err(Error::RefundDeclined { order: id, refund }),
                    None => reached.order,
                }
            }
            StartOutcome::Order(order) => {
                drop(permit);
                match key {
                    Some(key) => self.wait_for_cancellation(&order, &key, deadline).await?,
                    // The saga that places the order takes it back itself.
                    None => {
                        self.wait_until(*order, deadline, |order| {
                            !matches!(order.axes.state, State::Pending | State::Placed)
                        })
                        .await?
                    }
                }
            }
        };
        Ok(pb::CancelOrderResponse { order: Some((&order).into()) })
    }
}
