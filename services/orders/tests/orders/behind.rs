//! What is done to the money and the stock of an order behind its back, as the bus says.

use std::time::Duration;

use prost::Message;
use souk_client::events::v1 as bus;
use souk_client::inventory::v1 as inventory;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_client::types::v1::Money;
use souk_data::Engine;
use souk_testkit::{Bus, FakeServer, eventually, on_each_engine};
use souk_types::{Clock, EventId, RefundId};

use crate::upstreams::*;

pub(crate) async fn beside_a_bus(engine: Engine) -> (TestOrders, Bus, FakeServer) {
    let (bus, server) = Bus::start().await;
    let orders = TestOrders::start_beside(engine, &[], &[("events", &server.url())]).await;
    eventually(Duration::from_secs(10), || async { !bus.starts().is_empty() }).await;
    (orders, bus, server)
}

pub(crate) fn event(kind: &str, message: &impl Message) -> bus::Event {
    let now = Clock::system().now();
    bus::Event {
        id: EventId::new(now).to_string(),
        // As the bus names the service of the type's package.
        source: format!("/services/{}", kind.split('.').nth(1).expect("a type of the shop")),
        r#type: kind.into(),
        time: Some(now.into()),
        data: message.encode_to_vec().into(),
        ..Default::default()
    }
}

/// Delivers an event until it is acknowledged: an order in progress gets it again.
pub(crate) async fn deliver(bus: &Bus, ack_id: &str, event: &bus::Event) {
    eventually(Duration::from_secs(10), || async {
        let acks = bus.acks();
        let nacks = bus.nacks().len();
        if acks.iter().any(|ack| ack == ack_id) {
            return true;
        }
        bus.deliver(ack_id, event.clone());
        eventually(Duration::from_secs(10), || async {
            bus.acks().iter().any(|ack| ack == ack_id) || bus.nacks().len() > nacks
        })
        .await;
        false
    })
    .await;
}

fn refunded(orders: &TestOrders, order: &pb::Order, minor_units: i64) -> bus::Event {
    let refund_id = RefundId::new(Clock::system().now()).to_string();
    let amount = Some(Money { currency_code: "GBP".into(), minor_units });
    let mut world = orders.world.lock();
    world.refunds.insert(refund_id.clone(), minor_units);
    world.payments.get_mut(payment_id(order)).unwrap().2 += minor_units;
    let refund = payments::PaymentRefund {
        refund_id,
        payment_id: payment_id(order).to_owned(),
        amount,
        state: payments::PaymentRefundState::Succeeded.into(),
        ..Default::default()
    };
    let payment = Some(world.payment(payment_id(order)));
    event(
        "souk.payments.v1.PaymentRefunded",
        &payments::PaymentRefunded { payment, refund: Some(refund), ..Default::default() },
    )
}

fn reservation_is(order: &pb::Order, state: inventory::ReservationState) -> bus::Event {
    let reservation_id = order.reservation_id.clone();
    let reservation =
        inventory::Reservation { reservation_id, state: state.into(), ..Default::default() };
    event(
        "souk.inventory.v1.ReservationChanged",
        &inventory::ReservationChanged { reservation: Some(reservation), ..Default::default() },
    )
}

on_each_engine! {
    async fn a_refund_made_elsewhere_becomes_the_orders_own(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("behind").await;
        let part = refunded(&orders, &order, UNIT);
        deliver(&bus, "part", &part).await;
        let followed = eventually(Duration::from_secs(10), || async {
            let order = orders.reaches(&order.order_id, At::Paid).await;
            (order.refunded_total.as_ref().unwrap().minor_units == UNIT).then_some(order)
        })
        .await;
        assert_eq!(followed.refunds.len(), 1);

        // Heard twice it is followed once; and the rest leaves an order that holds no stock.
        deliver(&bus, "again", &bus::Event { id: EventId::new(Clock::system().now()).to_string(), ..part }).await;
        deliver(&bus, "rest", &refunded(&orders, &order, 2 * UNIT)).await;
        let followed = orders.reaches(&order.order_id, At::Refunded).await;
        assert_eq!(followed.refunds.len(), 2);
        {
            let world = orders.world.lock();
            assert_eq!(world.reservations[&order.reservation_id], "released");
            assert_eq!(world.payments[payment_id(&order)].2, 3 * UNIT, "nothing was paid back twice");
        }
        orders.audit().await;
    }

    async fn an_order_whose_stock_was_given_up_elsewhere_waits_for_staff(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("behind").await;
        deliver(&bus, "held", &reservation_is(&order, inventory::ReservationState::Committed)).await;
        assert!(!orders.reaches(&order.order_id, At::Paid).await.quarantined);

        orders.world.lock().reservations.insert(order.reservation_id.clone(), "released");
        let released = reservation_is(&order, inventory::ReservationState::Released);
        deliver(&bus, "released", &released).await;
        let waiting = orders.quarantined().await.remove(0);
        assert_eq!((waiting.step.as_str(), waiting.saga_id.as_str()), ("cancel.pay_back", &*order.order_id));

        orders.resume(&order.order_id).await;
        let canceled = orders.reaches(&order.order_id, At::Canceled).await;
        assert_eq!(canceled.closure_reason(), pb::OrderClosureReason::OutOfStock);
        assert_eq!(orders.world.lock().payments[payment_id(&order)].2, 3 * UNIT);
        orders.audit().await;
    }

    async fn what_an_order_did_itself_is_no_news(engine: Engine) {
        let (orders, bus, _server) = beside_a_bus(engine).await;
        let order = orders.paid("own").await;
        orders.alice().cancel_order(pb::CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() }).await.unwrap();
        let before = orders.reaches(&order.order_id, At::Canceled).await;
        let refund_id = orders.world.lock().refunds.keys().next().unwrap().clone();
        let refund = payments::PaymentRefund {
            refund_id,
            payment_id: payment_id(&order).to_owned(),
            amount: Some(Money { currency_code: "GBP".into(), minor_units: 3 * UNIT }),
            state: payments::PaymentRefundState::Succeeded.into(),
            ..Default::default()
        };
        let payment = Some(orders.world.lock().payment(payment_id(&order)));
        let own = payments::PaymentRefunded { payment, refund: Some(refund), ..Default::default() };
        deliver(&bus, "refund", &event("souk.payments.v1.PaymentRefunded", &own)).await;
        deliver(&bus, "release", &reservation_is(&order, inventory::ReservationState::Released)).await;
        assert_eq!(orders.reaches(&order.order_id, At::Canceled).await, before);
    }
}
