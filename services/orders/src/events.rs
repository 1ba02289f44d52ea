//! The events that changes of orders publish, put into the outbox by the write that makes the
//! change.

use prost::Message;
use souk_client::orders::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{EventId, Timestamp};

use crate::change::Change;
use crate::error::Error;
use crate::order::Order;

/// Puts the event of a change into the outbox; many changes have none.
pub async fn publish(tx: &Tx, order: &Order, change: &Change, now: Timestamp) -> Result<(), Error> {
    let Some((kind, payload)) = event_of(order, change) else { return Ok(()) };
    let key = order.id.to_string();
    outbox::append(
        tx,
        NewEvent { id: EventId::new(now), kind: kind.to_owned(), key, payload, time: now },
    )
    .await?;
    Ok(())
}

/// Returns the type of the event and its message.
fn event_of(order: &Order, change: &Change) -> Option<(&'static str, Vec<u8>)> {
    let whole = || Some(pb::Order::from(order));
    Some(match change {
        Change::Placed => {
            ("souk.orders.v1.OrderPlaced", pb::OrderPlaced { order: whole() }.encode_to_vec())
        }
        Change::Rejected(_) => {
            ("souk.orders.v1.OrderRejected", pb::OrderRejected { order: whole() }.encode_to_vec())
        }
        Change::Paid => {
            ("souk.orders.v1.OrderPaid", pb::OrderPaid { order: whole() }.encode_to_vec())
        }
        Change::Canceled { effective_time, .. } => {
            let effective_time = effective_time.map(Into::into);
            (
                "souk.orders.v1.OrderCanceled",
                pb::OrderCanceled { order: whole(), effective_time }.encode_to_vec(),
            )
        }
        Change::Fulfilled { effective_time } => {
            let effective_time = Some((*effective_time).into());
            (
                "souk.orders.v1.OrderFulfilled",
                pb::OrderFulfilled { order: whole(), effective_time }.encode_to_vec(),
            )
        }
        Change::RefundSucceeded(id) => {
            let refund = order.refund(*id).map(pb::Refund::from);
            (
                "souk.orders.v1.OrderRefunded",
                pb::OrderRefunded { order: whole(), refund }.encode_to_vec(),
            )
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
        let (kind, payload) = event_of(&order, &Change::RefundSucceeded(first)).unwrap();
        let event = pb::OrderRefunded::decode(payload.as_slice()).unwrap();
        assert_eq!(kind, "souk.orders.v1.OrderRefunded");
        assert_eq!(event.refund.unwrap().refund_id, first.to_string());
    }
}
