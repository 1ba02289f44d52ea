//! RefundOrder: pays back some lines, an amount, or all that is left, and takes goods back on hand if asked.

use souk_chassis::{Caller, Deadline};
use souk_client::orders::v1 as pb;
use souk_types::RefundId;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::order::{Order, RefundState};
use crate::store::{Start, Started};

pub async fn handle(
    rpc: &OrderRpc,
    request: Request<pb::RefundOrderRequest>,
) -> Result<pb::RefundOrderResponse, Error> {
    let (caller, deadline) = (Caller::of(&request), Deadline::of(&request));
    let now = rpc.clock.now();
    let request = request.into_inner();
    let id = convert::order_id(&request.order_id)?;
    let effective_time = convert::effective_time(&caller, request.effective_time, now)?;
    let key = convert::refund_key(&caller, &request);
    let wish = convert::refund_wish(request, effective_time)?;
    let refund = RefundId::of_step(id.as_uuid(), &key.key);

    let place = rpc.sagas.place().await;
    let start = Start::Refund { id: refund, wish, request: key };
    let order = match rpc.start(id, start, deadline).await? {
        Started::Saga(order, saga) => {
            let milestone = rpc.sagas.start(place, saga, *order);
            rpc.reached(id, milestone, deadline).await?.0
        }
        Started::Order(order) => {
            drop(place);
            let has_ended = |order: &Order| state_of(order, refund) != Some(RefundState::Pending);
            rpc.settled(*order, deadline, has_ended).await?
        }
    };
    if state_of(&order, refund) == Some(RefundState::Failed) {
        return Err(Error::RefundDeclined { order: id, refund });
    }
    let found = order.refunds.iter().find(|one| one.id == refund);
    Ok(pb::RefundOrderResponse { order: Some((&order).into()), refund: found.map(Into::into) })
}

fn state_of(order: &Order, refund: RefundId) -> Option<RefundState> {
    order.refunds.iter().find(|one| one.id == refund).map(|refund| refund.state)
}
