//! Death between the outbox and the log: whatever dies where, each event of an order is in the log,
//! in order, and what is there twice has the id by which consumers know it.

use std::collections::BTreeSet;

use souk_chassis::Caller;
use souk_client::events::v1 as events;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::start_position::Start;
use souk_client::events::v1::subscribe_request::Request;
use souk_testkit::CallerChannel;
use tokio_stream::StreamExt as _;

use crate::fleet::{Fleet, REACHED, UNSYNCED};
use crate::points::{CRASH_AFTER, CRASH_BEFORE};
use crate::shopping::{Desk, LIMIT};
use crate::story::{Plot, Story};

const SKU: &str = "MUG";
const PUBLISH: &str = "souk.events.v1.EventService/PublishEvents";

/// Reads the log from its beginning until the last event of every one of these orders has come;
/// returns the events of orders in the order of the log.
async fn log_of(mut bus: EventServiceClient<CallerChannel>, orders: usize) -> Vec<events::Event> {
    let start = events::SubscribeStart {
        event_types: vec!["souk.orders.v1.*".to_owned()],
        start_position: Some(events::StartPosition {
            start: Some(Start::Boundary(events::LogBoundary::Earliest.into())),
        }),
        ..Default::default()
    };
    let start = events::SubscribeRequest { request: Some(Request::Start(start)) };
    let requests = tokio_stream::once(start).chain(tokio_stream::pending());
    let mut stream = bus.subscribe(requests).await.expect("the bus answers").into_inner();
    let mut log = vec![];
    let mut paid = BTreeSet::new();
    while paid.len() < orders {
        let response =
            stream.message().await.expect("the stream goes on").expect("the stream has no end");
        for delivery in response.deliveries {
            let event = delivery.event.expect("a delivery holds an event");
            if event.r#type == "souk.orders.v1.OrderPaid" {
                paid.insert(event.subject.clone());
            }
            log.push(event);
        }
    }
    log
}

#[tokio::test]
async fn killed_anywhere_between_outbox_and_log_no_event_is_lost_or_out_of_order() {
    let mut fleet = Fleet::one_program(&[UNSYNCED]).await;
    let addresses = fleet.addresses.clone();
    Desk::of_staff(&addresses).stock_up(SKU, 1_000).await;
    let points = souk_events::FAULT_POINTS.map(|point| (point, CRASH_BEFORE));
    let around = [(PUBLISH, CRASH_BEFORE), (PUBLISH, CRASH_AFTER)];
    let mut count = 0;
    for (target, effect) in points.into_iter().chain(around) {
        // The whole shop is one process, so the next publisher crashes it.
        fleet.doom("orders", target, effect).await;
        let mut story = Story::new(Plot::Buy, format!("story-{count}"), SKU);
        let (_answered, ()) =
            tokio::join!(story.tell(&addresses), fleet.revive("orders", target, REACHED));
        story.tell_to_the_end(&addresses).await;
        count += 1;

        let bus = EventServiceClient::new(addresses.connect(
            "orders",
            0,
            &Caller::Staff("ada".to_owned()),
        ));
        let log = tokio::time::timeout(LIMIT, log_of(bus, count)).await;
        let log = log.unwrap_or_else(|_| panic!("after death at {target} an event is missing"));
        let subjects: BTreeSet<&str> = log.iter().map(|event| event.subject.as_str()).collect();
        for subject in subjects {
            let mut known = BTreeSet::new();
            let of_order = log.iter().filter(|event| event.subject == subject);
            let firsts: Vec<&str> = of_order
                .filter(|event| known.insert(&event.id))
                .map(|event| event.r#type.as_str())
                .collect();
            assert_eq!(
                firsts,
                ["souk.orders.v1.OrderPlaced", "souk.orders.v1.OrderPaid"],
                "after death at {target}"
            );
        }
    }
}
