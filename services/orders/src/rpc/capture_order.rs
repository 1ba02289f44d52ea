//! CaptureOrder: captures the payment of an order that was placed without, all of it or an amount.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CaptureOrder;
use souk_contract::{Call, Handle};
use souk_types::CaptureId;

use super::OrderRpc;
use crate::actor::Actor;
use crate::convert;
use crate::error::Error;
use crate::start::{Operation, StartOutcome};
use crate::state::State;

impl Handle<CaptureOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CaptureOrderRequest>,
    ) -> Result<pb::CaptureOrderResponse, Error> {
        let deadline = call.deadline;
        let id = call.request.order_id()?;
        let amount = convert::captured_amount(&call.caller, &call.request)?;

        let permit = self.sagas.permit().await;
        let capture = CaptureId::new(self.clock.now());
        let actor = Actor::of(&call.caller);
        let operation = Operation::Capture { id: capture, actor, amount };
        let order = match self.start(id, operation, deadline).await? {
            StartOutcome::Saga(order, saga) => {
                let milestone = self.sagas.start(permit, saga, *order);
                let reached = self.reached(id, milestone, deadline).await?;
                if let Some((_, facts)) = reached.refusal {
                    let payment = reached.order.share_to_capture().id;
                    return Err(Error::CaptureDeclined { order: id, payment, facts });
                }
                reached.order
            }
            StartOutcome::Order(order) => *order,
        };
        if order.axes.state == State::Canceled {
            // The provider had released the authorization.
            return Err(order.not_now());
        }
        Ok(pb::CaptureOrderResponse { order: Some((&order).into()) })
    }
}
