//! The events that changes of orders publish, put into the outbox by the write that makes the
//! change.

use souk_client::orders::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::Timestamp;

use crate::change::Change;
use crate::error::Error;
use crate::order::Order;

/// Puts the event of a change into the outbox; many changes have none.
pub async fn publish(tx: &Tx, order: &Order, change: &Change, now: Timestamp) -> Result<(), Error> {
    let Some(event) = event_of(order, change, now) else { return Ok(()) };
    Ok(outbox::append(tx, event).await?)
}

fn event_of(order: &Order, change: &Change, now: Timestamp) -> Option<NewEvent> {
    let whole = || Some(pb::Order::from(order));
    Some(match change {
        Change::Placed => NewEvent::new(&pb::OrderPlaced { order: whole() }, now),
        Change::Rejected(_) => NewEvent::new(&pb::OrderRejected { order: whole() }, now),
        Change::Paid => NewEvent::new(&pb::OrderPaid { order: whole() }, now),
        Change::Canceled { effective_time, .. } => {
            let effective_time = effective_time.map(Into::into);
            NewEvent::new(&pb::OrderCanceled { order: whole(), effective_time }, now)
        }
        Change::Fulfilled { effective_time } => {
            let effective_time = Some((*effective_time).into());
            NewEvent::new(&pb::OrderFulfilled { order: whole(), effective_time }, now)
        }
        Change::RefundSucceeded(id) => {
            let refund = order.refund(*id).map(pb::Refund::from);
            NewEvent::new(&pb::OrderRefunded { order: whole(), refund }, now)
        }
        Change::Started(_)
        | Change::Priced(_)
        | Change::GoodsReturned(_)
        | Change::RefundFailed(_)
        | Change::ActionNeeded(_)
        | Change::Quarantined
        | Change::Resumed => return None,
    })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use souk_types::{Money, OrderId, RefundId};

    use super::*;
    use crate::new_order::NewOrder;
    use crate::order::{Refund, RefundState};
    use crate::request_key::RequestKey;

    #[test]
    fn the_event_of_a_refund_tells_of_that_refund_and_not_of_the_last_one() {
        let now = Timestamp::from_micros(1);
        let amount = Money::new("GBP".parse().unwrap(), 1);
        let new = NewOrder {
            id: OrderId::new(now),
            customer: "alice".to_owned(),
            reference: String::new(),
            currency: amount.currency,
            requested_lines: vec![],
            payment_method: String::new(),
            expected_minor: None,
            request: RequestKey { key: String::new(), hash: vec![] },
            effective_time: None,
        };
        let refund = |micros| Refund {
            id: RefundId::new(Timestamp::from_micros(micros)),
            state: RefundState::Succeeded,
            amount,
            lines: vec![],
            restock: false,
            create_time: now,
            effective_time: now,
        };
        let mut order = new.begin(now);
        order.refunds = vec![refund(1), refund(2)];

        let first = order.refunds[0].id;
        let event = event_of(&order, &Change::RefundSucceeded(first), now).unwrap();
        let told = pb::OrderRefunded::decode(event.payload.as_slice()).unwrap();
        assert_eq!(
            (event.kind.as_str(), event.key),
            ("souk.orders.v1.OrderRefunded", order.id.to_string())
        );
        assert_eq!(told.refund.unwrap().refund_id, first.to_string());
    }
}
