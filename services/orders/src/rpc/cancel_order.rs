//! CancelOrder: takes an order back before its goods have left.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CancelOrder;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::start::{Operation, StartOutcome};
use crate::state::{PaymentStatus, State};

impl Handle<CancelOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CancelOrderRequest>,
    ) -> Result<pb::CancelOrderResponse, Error> {
        let deadline = call.deadline;
        let id = call.request.order_id()?;
        self.visible_order(&call.caller, id).await?;

        let cancellation = convert::cancellation(&call.caller, &call.request);
        let permit = self.sagas.permit().await;
        let order = match self.start(id, Operation::Cancel(cancellation), deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let milestone = self.sagas.start(permit, saga, *order);
                let (order, is_over) = self.reached(id, milestone, deadline).await?;
                let is_still_paid =
                    order.is_waiting_to_leave() && order.axes.payment != PaymentStatus::Authorized;
                if is_over && is_still_paid {
                    return Err(Error::RefundDeclined {
                        order: id,
                        refund: order.cancel_refund_id(),
                    });
                }
                order
            }
            // The saga that places the order takes it back itself.
            StartOutcome::Order(order) => {
                drop(permit);
                self.wait_until(*order, deadline, |order| {
                    matches!(order.axes.state, State::Canceled | State::Rejected)
                })
                .await?
            }
        };
        Ok(pb::CancelOrderResponse { order: Some((&order).into()) })
    }
}
