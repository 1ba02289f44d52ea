//! Souk's bus as a target: a service in this process, called over loopback.

use std::path::Path;
use std::sync::Arc;

use souk_chassis::{Caller, Running, Shop};
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_client::events::v1::subscribe_request::Request as Message;
use tokio::sync::{Mutex, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::check::{Published, Seen, key, payload};
use super::{CONSUMERS, PARTITIONS, Target};
use crate::shop;

type Client = EventServiceClient<souk_chassis::Channel>;

/// A running bus with its consumers.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    running: Mutex<Option<Running>>,
    client: Client,
    seen: Vec<Seen>,
    published: Published,
}

impl Bus {
    /// Starts a bus in a folder, with settings of the events service, and its consumers.
    pub async fn start(folder: &Path, settings: &[(&str, String)]) -> Bus {
        let mut options =
            shop::options(folder).set("events.engine.partitions", PARTITIONS.to_string());
        for (key, value) in settings {
            options = options.set(&format!("events.{key}"), value);
        }
        let running = Shop::new(options).with(events::definition()).start().await;
        let running = running.unwrap_or_else(|error| panic!("{error}"));
        let client = |service: &str| {
            let caller = Caller::Service(service.to_owned());
            EventServiceClient::new(shop::connect(&running, &caller))
                .max_decoding_message_size(64 << 20)
        };
        let mut seen = Vec::new();
        for number in 0..CONSUMERS {
            let consumer = Seen::default();
            consume(client("bench"), format!("bench.{number}"), consumer.clone()).await;
            seen.push(consumer);
        }
        let client = client("bench");
        let running = Mutex::new(Some(running));
        Bus(Arc::new(Inner { running, client, seen, published: Published::default() }))
    }

    /// Checks that every consumer had every event, and that the service's own books are right, and
    /// stops.
    pub async fn stop(&self) {
        let published = self.0.published.count() as usize;
        assert!(
            self.0.seen.iter().all(|seen| seen.count() == published),
            "an event is missing, or came twice"
        );
        let running = self.0.running.lock().await.take().expect("it is stopped once");
        let staff = shop::connect(&running, &Caller::Staff("bench".to_owned()));
        let audit = souk_testkit::check_invariants(staff, "events").await;
        let findings = audit.expect("the audit answers").findings;
        assert!(findings.is_empty(), "{findings:?}");
        running.drain().await.unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Target for Bus {
    async fn publish(&self, _publisher: usize, numbers: &[u64]) {
        let events = numbers.iter().map(|number| event(*number)).collect();
        let answer = self
            .0
            .client
            .clone()
            .publish_events(pb::PublishEventsRequest { events })
            .await
            .expect("the bus takes events");
        let results = answer.into_inner().results;
        assert!(
            results.iter().all(|result| matches!(result.result, Some(Outcome::Position(_)))),
            "{results:?}"
        );
    }

    fn consumers(&self) -> &[Seen] {
        &self.0.seen
    }

    fn published(&self) -> &Published {
        &self.0.published
    }
}

fn event(number: u64) -> pb::Event {
    pb::Event {
        id: format!("bench-{number}"),
        r#type: "souk.bench.v1.Happened".to_owned(),
        ordering_key: key(number),
        data: payload(number).into(),
        ..pb::Event::default()
    }
}

/// Handles and acknowledges everything that a subscription delivers, until the service drains.
async fn consume(mut client: Client, subscription: String, seen: Seen) {
    let (requests, receiver) = mpsc::channel(100);
    let start = pb::SubscribeStart {
        subscription_id: subscription,
        max_outstanding_events: 10_000,
        start_position: Some(pb::StartPosition {
            start: Some(pb::start_position::Start::Boundary(pb::LogBoundary::Earliest.into())),
        }),
        ..pb::SubscribeStart::default()
    };
    let start = pb::SubscribeRequest { request: Some(Message::Start(start)) };
    requests.send(start).await.expect("the stream takes its start");
    let answers = client.subscribe(ReceiverStream::new(receiver)).await.expect("a stream opens");
    let mut answers = answers.into_inner();
    let started = answers.message().await.expect("a stream starts");
    assert!(started.is_some_and(|answer| answer.started.is_some()));
    tokio::spawn(async move {
        while let Ok(Some(answer)) = answers.message().await {
            let mut ack_ids = Vec::with_capacity(answer.deliveries.len());
            for delivery in answer.deliveries {
                seen.handle(&delivery.event.as_ref().expect("a delivery holds its event").data);
                ack_ids.push(delivery.ack_id);
            }
            seen.wake();
            let update =
                Message::Update(pb::SubscribeUpdate { ack_ids, ..pb::SubscribeUpdate::default() });
            if requests.send(pb::SubscribeRequest { request: Some(update) }).await.is_err() {
                break;
            }
        }
    });
}
