//! The events of orders: which change tells what, put into the outbox by the write that makes the change.

use prost::Message;
use souk_client::orders::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{EventId, Timestamp};

use crate::error::Error;
use crate::order::{Order, RefundState};
use crate::saga::Kind;
use crate::store;

/// Puts the event of a change into the outbox; most changes have none.
pub(crate) async fn append(tx: &Tx, order: &Order, change: &str, now: Timestamp) -> Result<(), Error> {
    let whole = || Some(pb::Order::from(order));
    let (kind, payload) = match change {
        "placed" => ("souk.orders.v1.OrderPlaced", pb::OrderPlaced { order: whole() }.encode_to_vec()),
        "rejected" => ("souk.orders.v1.OrderRejected", pb::OrderRejected { order: whole() }.encode_to_vec()),
        "paid" => ("souk.orders.v1.OrderPaid", pb::OrderPaid { order: whole() }.encode_to_vec()),
        "canceled" => {
            let effective_time = store::effective_time(tx, order.id, Kind::Cancel).await?.map(Into::into);
            ("souk.orders.v1.OrderCanceled", pb::OrderCanceled { order: whole(), effective_time }.encode_to_vec())
        }
        "fulfilled" => {
            let effective_time = store::effective_time(tx, order.id, Kind::Fulfill).await?.map(Into::into);
            ("souk.orders.v1.OrderFulfilled", pb::OrderFulfilled { order: whole(), effective_time }.encode_to_vec())
        }
        "refund_succeeded" => {
            let refund = order.refunds.iter().rfind(|refund| refund.state == RefundState::Succeeded);
            let refund = refund.map(pb::Refund::from);
            ("souk.orders.v1.OrderRefunded", pb::OrderRefunded { order: whole(), refund }.encode_to_vec())
        }
        _ => return Ok(()),
    };
    let key = order.id.to_string();
    outbox::append(tx, NewEvent { id: EventId::new(now), kind: kind.to_owned(), key, payload, time: now }).await?;
    Ok(())
}
