//! CancelOrder: takes back what is open of an order, all of it or some units.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::CancelOrder;
use souk_contract::{Call, Handle};
use souk_types::CancellationId;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::request_key::RequestKey;
use crate::start::{Operation, StartOutcome};
use crate::state::State;
use crate::store;

impl Handle<CancelOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::CancelOrderRequest>,
    ) -> Result<pb::CancelOrderResponse, Error> {
        let deadline = call.deadline;
        let id = call.request.order_id()?;
        let order = self.visible_order(&call.caller, id).await?;

        let cancellation = convert::cancellation(&call.caller, &call.request);
        let mut part = convert::canceled_units(&call.caller, &call.request)?;
        if let (Caller::User(_), Some((_, request))) = (&call.caller, &mut part) {
            self.find_request_of_guest(&order.customer, request).await?;
        }
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
                        let payment = reached.order.share_to_capture().id;
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

impl OrderRpc {
    /// Lets a customer's request be that of a guest, if the customer has claimed a guest who sent
    /// it before.
    async fn find_request_of_guest(
        &self,
        customer: &str,
        request: &mut RequestKey,
    ) -> Result<(), Error> {
        let reader = self.db.read();
        for guest in store::guest_claim::of_customer(&reader, customer).await?.guests {
            let key = request.under(&guest);
            let of_guest = RequestKey { key, hash: request.hash.clone() };
            if store::cancellation::order_of_request(&reader, &of_guest).await?.is_some() {
                *request = of_guest;
                return Ok(());
            }
        }
        Ok(())
    }
}
