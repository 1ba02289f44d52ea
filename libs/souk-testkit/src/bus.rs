//! A scripted event bus: it stores published events, and delivers the events that a test adds.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::{Publish, Subscribe};
use souk_client::events::v1::subscribe_request::Request as Part;
use souk_contract::{Call, Handle, Handlers, Requests, Responses, Server};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::FakeServer;

/// A fake events service, as far as publishers and consumers need it; `("events", &server.url())`
/// is the upstream.
#[derive(Clone)]
pub struct Bus(Arc<State>);

struct State {
    /// What each request held, in the order of arrival, answered well or not.
    published: Mutex<Vec<Vec<pb::Event>>>,
    /// How the next requests are answered; well when there is nothing left.
    answers: Mutex<VecDeque<PublishAnswer>>,
    /// The key whose events break a rule of the contract.
    invalid: Mutex<Option<&'static str>>,
    starts: Mutex<Vec<pb::SubscribeStart>>,
    updates: Mutex<Vec<pb::SubscribeUpdate>>,
    deliveries: broadcast::Sender<Option<pb::Delivery>>,
}

/// How a Publish is answered other than well.
pub enum PublishAnswer {
    /// The whole request fails, as if it had not been taken.
    Unavailable,
    /// The event with this key is rejected permanently, the others are accepted.
    Never(&'static str),
    /// The event of this key and those after it are not taken now.
    NotNow(&'static str),
}

impl Bus {
    /// Starts it; it is gone when the server is dropped.
    pub async fn start() -> (Bus, FakeServer) {
        let bus = Bus(Arc::new(State {
            published: Mutex::default(),
            answers: Mutex::default(),
            invalid: Mutex::default(),
            starts: Mutex::default(),
            updates: Mutex::default(),
            deliveries: broadcast::channel(100).0,
        }));
        let handlers = Arc::new(bus.clone());
        // The methods that no test needs are unimplemented.
        let server = Server::new("souk.events.v1.EventService")
            .unary::<Publish, _, _, _>("Publish", &handlers)
            .bidi_streaming::<Subscribe, _, _, _>("Subscribe", &handlers);
        let server = FakeServer::start(server).await;
        (bus, server)
    }

    /// Answers one more of the requests to come in this way.
    pub fn answer_next(&self, answer: PublishAnswer) {
        self.0.answers.lock().push_back(answer);
    }

    /// Refuses every request that holds an event of this key as a whole, as one that breaks a rule
    /// of the contract.
    pub fn refuse_as_invalid(&self, key: &'static str) {
        *self.0.invalid.lock() = Some(key);
    }

    /// Returns keys and ids of every request.
    pub fn published(&self) -> Vec<Vec<(String, String)>> {
        let requests = self.0.published.lock();
        let told = |event: &pb::Event| (event.ordering_key.clone(), event.id.clone());
        requests.iter().map(|events| events.iter().map(told).collect()).collect()
    }

    /// Returns every event that was published.
    pub fn events(&self) -> Vec<pb::Event> {
        self.0.published.lock().iter().flatten().cloned().collect()
    }

    /// Returns how each stream was opened.
    pub fn starts(&self) -> Vec<pb::SubscribeStart> {
        self.0.starts.lock().clone()
    }

    /// Returns the ids of the deliveries that were acknowledged.
    pub fn acks(&self) -> Vec<String> {
        self.0.updates.lock().iter().flat_map(|update| update.ack_ids.clone()).collect()
    }

    /// Returns the deliveries that were refused.
    pub fn nacks(&self) -> Vec<pb::Nack> {
        self.0.updates.lock().iter().flat_map(|update| update.nacks.clone()).collect()
    }

    /// Sends an event to the stream that is open.
    pub fn deliver(&self, ack_id: &str, event: pb::Event) {
        let delivery =
            pb::Delivery { event: Some(event), ack_id: ack_id.into(), ..pb::Delivery::default() };
        self.0.deliveries.send(Some(delivery)).expect("a consumer is connected");
    }

    /// Breaks the stream that is open.
    pub fn break_stream(&self) {
        self.0.deliveries.send(None).expect("a consumer is connected");
    }
}

impl Handlers for Bus {
    type Error = Status;
}

impl Handle<Publish> for Bus {
    async fn handle(&self, call: Call<pb::PublishRequest>) -> Result<pb::PublishResponse, Status> {
        use pb::publish_result::Result as Outcome;
        let events = call.request.events;
        self.0.published.lock().push(events.clone());
        if self
            .0
            .invalid
            .lock()
            .is_some_and(|key| events.iter().any(|event| event.ordering_key == key))
        {
            return Err(Status::invalid_argument("the test says that a field breaks its rule"));
        }
        let answer = self.0.answers.lock().pop_front();
        let mut stopped = false;
        let mut results = Vec::new();
        for (offset, event) in events.iter().enumerate() {
            let failure = |is_retryable| {
                let message = "the test says so".to_owned();
                Outcome::Failure(pb::PublishFailure {
                    message,
                    is_retryable,
                    ..pb::PublishFailure::default()
                })
            };
            let result = match &answer {
                Some(PublishAnswer::Unavailable) => {
                    return Err(Status::unavailable("the test says so"));
                }
                Some(PublishAnswer::Never(key)) if event.ordering_key == *key => failure(false),
                Some(PublishAnswer::NotNow(key)) if stopped || event.ordering_key == *key => {
                    stopped = true;
                    failure(true)
                }
                _ => Outcome::Position(pb::Position { partition: 0, offset: offset as i64 }),
            };
            results.push(pb::PublishResult { result: Some(result) });
        }
        Ok(pb::PublishResponse { results })
    }
}

impl Handle<Subscribe> for Bus {
    async fn handle(
        &self,
        call: Call<Requests<pb::SubscribeRequest>>,
    ) -> Result<Responses<pb::SubscribeResponse>, Status> {
        let mut requests = call.request;
        let (sender, receiver) = mpsc::channel(100);
        let state = self.0.clone();
        let mut deliveries = self.0.deliveries.subscribe();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    part = requests.message() => match part {
                        Ok(Some(pb::SubscribeRequest { request: Some(Part::Start(start)) })) => state.starts.lock().push(start),
                        Ok(Some(pb::SubscribeRequest { request: Some(Part::Update(update)) })) => state.updates.lock().push(update),
                        _ => return,
                    },
                    delivery = deliveries.recv() => {
                        let Ok(Some(delivery)) = delivery else { return };
                        let response = pb::SubscribeResponse { started: None, deliveries: vec![delivery] };
                        if sender.send(Ok::<_, Status>(response)).await.is_err() {
                            return;
                        }
                    }
                }
            }
        });
        Ok(Responses::new(ReceiverStream::new(receiver)))
    }
}
