//! One events service under test, and short ways to publish, to consume and to look at it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::Stream;
use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::publish_result::Result as Outcome;
use souk_client::events::v1::subscribe_request::Request as Message;
use souk_testkit::{CallerChannel, Engine, TestService};
use souk_types::{Clock, EventId, Timestamp};
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

pub type Client = EventServiceClient<CallerChannel>;

/// The type of the events of these tests, which the service `orders` publishes.
pub const KIND: &str = "souk.orders.v1.Happened";

/// How long a test waits for what must come.
pub const LIMIT: Duration = Duration::from_secs(60);

/// For how long nothing may come where nothing is expected.
pub const QUIET: Duration = Duration::from_millis(300);

/// A running events service.
pub struct Events {
    pub service: TestService,
    pub clock: Clock,
}

impl Events {
    /// Starts on the machine's clock.
    pub async fn start(engine: Engine) -> Self {
        Events::start_on(engine, Clock::system(), &[]).await
    }

    /// Starts on a clock, with settings.
    pub async fn start_on(engine: Engine, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let mut builder = TestService::builder(events::definition(), engine).clock(&clock);
        for (key, value) in settings {
            builder = builder.set(*key, *value);
        }
        Events { service: builder.start().await, clock }
    }

    /// Checks that every invariant of the database holds, and stops.
    pub async fn end(mut self) {
        assert_eq!(self.findings().await, Vec::<String>::new());
        self.service.stop().await;
    }

    /// Calls as the service `orders`.
    pub fn orders(&self) -> Client {
        self.client_of(Caller::Service("orders".into()))
    }

    /// Calls as the service `mail`.
    pub fn mail(&self) -> Client {
        self.client_of(Caller::Service("mail".into()))
    }

    /// Calls as a member of staff.
    pub fn staff(&self) -> Client {
        self.client_of(Caller::Staff("ann".into()))
    }

    pub fn client_of(&self, caller: Caller) -> Client {
        EventServiceClient::new(self.service.channel_as(&caller))
    }

    /// Publishes as `orders`; returns the position of each event.
    pub async fn publish(&self, events: Vec<pb::Event>) -> Vec<pb::Position> {
        publish(&mut self.orders(), events).await
    }

    /// Publishes events with these keys and their number as payload.
    pub async fn publish_keys(&self, keys: &[&str]) -> Vec<pb::Position> {
        self.publish(keys.iter().enumerate().map(|(number, key)| event(key, number)).collect())
            .await
    }

    /// Opens a stream of the subscription as `mail`.
    pub async fn subscribe(&self, subscription: &str) -> Consumer {
        Consumer::open(self.mail(), start(subscription)).await.unwrap()
    }

    pub async fn get(&self, subscription: &str) -> pb::Subscription {
        let request = pb::GetSubscriptionRequest { subscription_id: subscription.into() };
        self.staff().get_subscription(request).await.unwrap().into_inner().subscription.unwrap()
    }

    pub async fn dead_letters(&self, subscription: &str) -> Vec<pb::DeadLetter> {
        let request = pb::ListDeadLettersRequest {
            subscription_id: subscription.into(),
            page_size: 100,
            ..Default::default()
        };
        self.staff().list_dead_letters(request).await.unwrap().into_inner().dead_letters
    }

    /// Returns what the audit finds, as `invariant: subject`.
    pub async fn findings(&self) -> Vec<String> {
        let audit = self.service.invariants().await;
        audit
            .findings
            .iter()
            .map(|finding| format!("{}: {}", finding.invariant, finding.subject))
            .collect()
    }
}

impl Events {
    /// Changes the database behind the service's back.
    pub async fn tamper(&self, sql: &str) {
        let database = &self.service.databases()[0];
        match database.file() {
            Some(file) => rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap(),
            None => {
                use sea_orm::ConnectionTrait;
                let connection = sea_orm::Database::connect(database.url()).await.unwrap();
                connection.execute_unprepared(sql).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

/// Publishes and returns the position of each event.
pub async fn publish(client: &mut Client, events: Vec<pb::Event>) -> Vec<pb::Position> {
    let results = client
        .publish_events(pb::PublishEventsRequest { events })
        .await
        .unwrap()
        .into_inner()
        .results;
    let positions = results.into_iter().map(|result| match result.result {
        Some(Outcome::Position(position)) => position,
        other => panic!("the event was not taken: {other:?}"),
    });
    positions.collect()
}

/// An event with a key and a number as its payload.
pub fn event(key: &str, number: usize) -> pb::Event {
    pb::Event {
        id: EventId::new(Clock::system().now()).to_string(),
        r#type: KIND.into(),
        ordering_key: key.into(),
        data: number.to_string().into_bytes().into(),
        ..pb::Event::default()
    }
}

/// The number that an event carries.
pub fn number(delivery: &pb::EventDelivery) -> usize {
    let event = delivery.event.as_ref().expect("a delivery holds its event");
    std::str::from_utf8(&event.data).unwrap().parse().unwrap()
}

pub fn key(delivery: &pb::EventDelivery) -> &str {
    &delivery.event.as_ref().expect("a delivery holds its event").ordering_key
}

/// A request for a subscription with these settings.
pub fn create(subscription: pb::Subscription) -> pb::CreateSubscriptionRequest {
    pb::CreateSubscriptionRequest { subscription: Some(subscription), start_position: None }
}

/// As [`create`], starting with the oldest event.
pub fn create_from_earliest(subscription: pb::Subscription) -> pb::CreateSubscriptionRequest {
    pb::CreateSubscriptionRequest { start_position: Some(from_earliest()), ..create(subscription) }
}

/// A subscription with this id, and the usual settings.
pub fn named(subscription: &str) -> pb::Subscription {
    pb::Subscription { subscription_id: subscription.into(), ..Default::default() }
}

/// A subscription that starts with the oldest event.
pub fn start(subscription: &str) -> pb::SubscribeStart {
    pb::SubscribeStart {
        subscription_id: subscription.into(),
        start_position: Some(from_earliest()),
        ..pb::SubscribeStart::default()
    }
}

pub fn from_earliest() -> pb::StartPosition {
    let earliest = pb::LogBoundary::Earliest.into();
    pb::StartPosition { start: Some(pb::start_position::Start::Boundary(earliest)) }
}

pub fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// A stream of a subscription.
pub struct Consumer {
    pub started: pb::Subscription,
    requests: mpsc::Sender<pb::SubscribeRequest>,
    answers: Streaming<pb::SubscribeResponse>,
    waiting: std::collections::VecDeque<pb::EventDelivery>,
}

impl Consumer {
    /// Opens a stream and waits until it has started.
    pub async fn open(mut client: Client, start: pb::SubscribeStart) -> Result<Self, Status> {
        let (requests, receiver) = mpsc::channel(100);
        requests.send(pb::SubscribeRequest { request: Some(Message::Start(start)) }).await.unwrap();
        let mut answers = client.subscribe(stream_of(receiver)).await?.into_inner();
        let first =
            tokio::time::timeout(LIMIT, answers.message()).await.expect("an answer comes")?;
        let started =
            first.expect("a stream starts").started.expect("it says so").subscription.unwrap();
        Ok(Consumer { started, requests, answers, waiting: std::collections::VecDeque::new() })
    }

    /// Waits for the next delivery.
    pub async fn next(&mut self) -> pb::EventDelivery {
        self.next_within(LIMIT).await
    }

    /// Waits for the next delivery for so long.
    pub async fn next_within(&mut self, limit: Duration) -> pb::EventDelivery {
        tokio::time::timeout(limit, self.receive()).await.expect("a delivery comes").unwrap()
    }

    /// Waits for this many deliveries.
    pub async fn take(&mut self, count: usize) -> Vec<pb::EventDelivery> {
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            taken.push(self.next().await);
        }
        taken
    }

    /// Waits for this many deliveries and acknowledges each.
    pub async fn handle(&mut self, count: usize) -> Vec<pb::EventDelivery> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            taken.push(self.next().await);
            while taken.len() < count
                && let Some(delivery) = self.waiting.pop_front()
            {
                taken.push(delivery);
            }
            let acked = taken
                .iter()
                .rev()
                .take_while(|delivery: &&pb::EventDelivery| !delivery.ack_id.is_empty());
            let ack_ids: Vec<String> =
                acked.take(10_000).map(|delivery| delivery.ack_id.clone()).collect();
            self.update(pb::SubscribeUpdate { ack_ids, ..Default::default() }).await;
        }
        taken
    }

    /// Returns why the stream ended.
    pub async fn end(&mut self) -> Status {
        loop {
            match tokio::time::timeout(LIMIT, self.receive()).await.expect("the stream ends") {
                Ok(_) => {}
                Err(status) => return status,
            }
        }
    }

    async fn receive(&mut self) -> Result<pb::EventDelivery, Status> {
        loop {
            if let Some(delivery) = self.waiting.pop_front() {
                return Ok(delivery);
            }
            match self.answers.message().await? {
                Some(answer) => self.waiting.extend(answer.deliveries),
                None => {
                    #[expect(clippy::disallowed_methods, reason = "a test's own status")]
                    return Err(Status::new(Code::Ok, "the stream has ended"));
                }
            }
        }
    }

    /// Asserts that nothing comes for a while.
    pub async fn is_quiet(&mut self) {
        let came = tokio::time::timeout(QUIET, self.receive()).await;
        assert!(came.is_err(), "nothing was expected, and there came {came:?}");
    }

    pub async fn ack(&self, delivery: &pb::EventDelivery) {
        self.update(pb::SubscribeUpdate {
            ack_ids: vec![delivery.ack_id.clone()],
            ..Default::default()
        })
        .await;
    }

    pub async fn nack(&self, delivery: &pb::EventDelivery, reason: &str) {
        self.refuse(delivery, reason, false).await;
    }

    pub async fn refuse(&self, delivery: &pb::EventDelivery, reason: &str, permanent: bool) {
        let nack = pb::Nack { ack_id: delivery.ack_id.clone(), reason: reason.into(), permanent };
        self.update(pb::SubscribeUpdate { nacks: vec![nack], ..Default::default() }).await;
    }

    pub async fn update(&self, update: pb::SubscribeUpdate) {
        self.send(Message::Update(update)).await;
    }

    pub async fn send(&self, message: Message) {
        self.requests.send(pb::SubscribeRequest { request: Some(message) }).await.unwrap();
    }
}

/// Sends what is put into a channel.
pub fn stream_of<T: Send + 'static>(
    receiver: mpsc::Receiver<T>,
) -> impl Stream<Item = T> + Send + 'static {
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        let item = receiver.recv().await?;
        Some((item, receiver))
    })
}

/// Returns the numbers of deliveries by their key, in the order in which they came.
pub fn by_key(deliveries: &[pb::EventDelivery]) -> BTreeMap<String, Vec<usize>> {
    let mut found = BTreeMap::<String, Vec<usize>>::new();
    for delivery in deliveries {
        found.entry(key(delivery).to_owned()).or_default().push(number(delivery));
    }
    found
}

/// Asserts code and reason of a refusal, and returns it.
#[track_caller]
pub fn refused<T>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.err().expect("it is refused");
    assert_eq!(
        (status.code(), souk_testkit::reason_of(&status).as_str()),
        (code, reason),
        "{}",
        status.message()
    );
    status
}

/// The fields that a refusal names, each with what must be so.
pub fn violations_of(status: &Status) -> Vec<(String, String)> {
    let found = souk_testkit::field_violations(status);
    found.into_iter().map(|violation| (violation.field, violation.description)).collect()
}

/// The time at which tests with a clock of their own start.
pub const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
