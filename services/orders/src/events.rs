//! The events that changes of orders publish, put into the outbox by the write that makes the
//! change.

use souk_client::orders::v1 as pb;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::{Money, Timestamp};

use crate::change::Change;
use crate::convert;
use crate::error::Error;
use crate::order::{LINES_SHOWN, Order};
use crate::store::history;

/// Puts the event of a change into the outbox; many changes have none.
pub async fn publish(
    tx: &Tx,
    order: &Order,
    change: &Change,
    row: &history::Row,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(event) = event_of(order, change, row, now) else { return Ok(()) };
    Ok(outbox::append(tx, event).await?)
}

/// Returns an order as events carry it, and a link shows it.
///
/// **Invariant:** without personal data, and without anything that lets its reader act for the
/// customer.
pub fn public(order: &Order) -> pb::Order {
    pb::Order {
        contact: None,
        shipping_address: None,
        billing_address: None,
        customer_note: String::new(),
        payment_action: None,
        ..pb::Order::from(order)
    }
}

fn event_of(
    order: &Order,
    change: &Change,
    row: &history::Row,
    now: Timestamp,
) -> Option<NewEvent> {
    let whole = || Some(public(order));
    let changed = || Some(convert::change(row, order.currency, false));
    let of_order = |id| order.fulfillment(id).map(|one| convert::fulfillment(order.id, one));
    Some(match change {
        Change::Placed => {
            NewEvent::new(&pb::OrderPlaced { order: whole(), change: changed() }, now)
        }
        Change::Rejected(_) => {
            NewEvent::new(&pb::OrderRejected { order: whole(), change: changed() }, now)
        }
        Change::Captured(capture) if capture.is_final => {
            NewEvent::new(&pb::OrderPaid { order: whole(), change: changed() }, now)
        }
        Change::Captured(_) => {
            NewEvent::new(&pb::OrderPartiallyPaid { order: whole(), change: changed() }, now)
        }
        Change::LinesCanceled(plan) => {
            let lines = plan.lines.iter().take(LINES_SHOWN).map(|line| pb::FulfillmentLine {
                line_number: line.number as i32,
                quantity: line.quantity as i32,
            });
            let event = pb::OrderLinesCanceled {
                order: whole(),
                lines: lines.collect(),
                line_count: plan.lines.len() as i32,
                change: changed(),
            };
            NewEvent::new(&event, now)
        }
        Change::Canceled { effective_time, .. } => {
            let effective_time = effective_time.map(Into::into);
            let event = pb::OrderCanceled { order: whole(), effective_time, change: changed() };
            NewEvent::new(&event, now)
        }
        Change::Fulfilled { id, is_last: false, .. } => {
            let fulfillment = of_order(*id);
            let event =
                pb::OrderPartiallyFulfilled { order: whole(), fulfillment, change: changed() };
            NewEvent::new(&event, now)
        }
        Change::Fulfilled { id, effective_time, .. } => {
            let event = pb::OrderFulfilled {
                order: whole(),
                effective_time: Some((*effective_time).into()),
                change: changed(),
                fulfillment: of_order(*id),
            };
            NewEvent::new(&event, now)
        }
        Change::FulfillmentTracked(id, _) => {
            let fulfillment = of_order(*id);
            let event =
                pb::OrderFulfillmentUpdated { order: whole(), fulfillment, change: changed() };
            NewEvent::new(&event, now)
        }
        Change::FulfillmentDelivered { id, .. } => {
            let fulfillment = of_order(*id);
            let event =
                pb::OrderFulfillmentDelivered { order: whole(), fulfillment, change: changed() };
            NewEvent::new(&event, now)
        }
        Change::RefundSucceeded(id) => {
            let refund = order.refund(*id).map(pb::Refund::from);
            NewEvent::new(&pb::OrderRefunded { order: whole(), refund, change: changed() }, now)
        }
        Change::PaymentReversed(reversed) => {
            let event = pb::OrderPaymentReversed {
                order: whole(),
                payment_id: reversed.payment.to_string(),
                capture_id: reversed.id.to_string(),
                amount: Some(Money::new(order.currency, reversed.minor).into()),
                change: changed(),
            };
            NewEvent::new(&event, now)
        }
        Change::RefundReversed(reversed) => {
            let refund = order.refund(reversed.failed).map(pb::Refund::from);
            NewEvent::new(
                &pb::OrderRefundReversed { order: whole(), refund, change: changed() },
                now,
            )
        }
        Change::Updated(_) => {
            let updated_fields = change.updated_fields().into_iter().map(str::to_owned).collect();
            let event = pb::OrderUpdated { order: whole(), updated_fields, change: changed() };
            NewEvent::new(&event, now)
        }
        Change::CustomerChanged { from, .. } => {
            let event = pb::OrderCustomerChanged {
                order: whole(),
                previous_customer_id: from.clone(),
                change: changed(),
            };
            NewEvent::new(&event, now)
        }
        Change::Started(_)
        | Change::CancelRefused
        | Change::FulfillmentRefused(_)
        | Change::Priced(_)
        | Change::PaymentAuthorized
        | Change::GoodsReturned(_)
        | Change::RefundFailed(_)
        | Change::ActionNeeded(_)
        | Change::PaymentMethodDeclined(_)
        | Change::PaymentRetried
        | Change::Quarantined
        | Change::Resumed => return None,
    })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use souk_client::types::v1::{Address, Contact};
    use souk_types::{OrderId, RefundId};

    use super::*;
    use crate::actor::Actor;
    use crate::change::Cause;
    use crate::new_order::NewOrder;
    use crate::order::{Action, Details, Refund, RefundState};
    use crate::request_key::RequestKey;

    fn order() -> Order {
        let now = Timestamp::from_micros(1);
        let address = Address { region_code: "GB".into(), ..Default::default() };
        let new = NewOrder {
            id: OrderId::new(now),
            number: 1001,
            actor: Actor("user:alice".into()),
            customer: souk_contract::customer_of("user:alice").to_string(),
            reference: String::new(),
            channel: "default".to_owned(),
            locale: String::new(),
            details: Details {
                contact: Some(Contact { name: "Alice".into(), ..Default::default() }),
                shipping_address: Some(address.clone()),
                billing_address: Some(address),
                customer_note: "leave it with Bob".to_owned(),
                metadata: [("erp".to_owned(), "7".to_owned())].into(),
            },
            currency: "GBP".parse().unwrap(),
            requested_lines: vec![],
            payment_method: String::new(),
            shares: vec![],
            capture: crate::state::CaptureMethod::Automatic,
            return_url: String::new(),
            expire_time: now,
            expected_minor: None,
            only_public_prices: true,
            request: RequestKey { key: String::new(), hash: vec![] },
            effective_time: None,
        };
        new.begin(now)
    }

    fn published(order: &Order, change: &Change) -> NewEvent {
        let now = Timestamp::from_micros(1);
        let cause = Cause::new(pb::OrderChangeCause::RefundOrder, Actor("staff:ann".into()));
        let row = history::Row::of(order, Some(order.axes), change, &cause);
        event_of(order, change, &row, now).unwrap()
    }

    #[test]
    fn the_event_of_a_refund_tells_of_that_refund_and_not_of_the_last_one() {
        let now = Timestamp::from_micros(1);
        let mut order = order();
        let refund = |micros| Refund {
            id: RefundId::new(Timestamp::from_micros(micros)),
            state: RefundState::Succeeded,
            amount: Money::new("GBP".parse().unwrap(), 1),
            lines: vec![],
            reason: 0,
            note: String::new(),
            actor: Actor::default(),
            payment: None,
            create_time: now,
            effective_time: now,
        };
        order.refunds = vec![refund(1), refund(2)];

        let first = order.refunds[0].id;
        let event = published(&order, &Change::RefundSucceeded(first));
        let changed = pb::OrderRefunded::decode(event.payload.as_slice()).unwrap();
        assert_eq!(
            (event.kind.as_str(), event.key),
            ("souk.orders.v1.OrderRefunded", order.id.to_string())
        );
        assert_eq!(changed.refund.unwrap().refund_id, first.to_string());
        let change = changed.change.unwrap();
        assert_eq!(change.actor.as_ref().unwrap().id, "ann");
        assert_eq!(change.cause(), pb::OrderChangeCause::RefundOrder);
        assert_eq!(change.previous_state(), pb::OrderState::Pending);
    }

    #[test]
    fn no_event_carries_personal_data_or_the_way_to_pay() {
        let mut order = order();
        let url = "https://bank.test/confirm".to_owned();
        order.action = Some(Action { url, expire_time: None });
        let shown = pb::Order::from(&order);
        assert!(shown.contact.is_some() && shown.payment_action.is_some());

        let event = published(&order, &Change::Placed);
        let changed = pb::OrderPlaced::decode(event.payload.as_slice()).unwrap().order.unwrap();
        let expected = pb::Order {
            contact: None,
            shipping_address: None,
            billing_address: None,
            customer_note: String::new(),
            payment_action: None,
            ..shown
        };
        assert_eq!(changed, expected);
        for secret in ["Alice", "Bob", "bank.test"] {
            let found = event.payload.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}
