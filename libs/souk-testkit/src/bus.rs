//! A scripted event bus: it stores published events, and delivers the events that a test adds.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::{
    GetSubscription, PublishEvents, Subscribe, UpdateSubscription,
};
use souk_client::events::v1::subscribe_request::Request as Part;
use souk_contract::{Call, Handle, Handlers, Requests, Responses, Server};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

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
    /// The types that the subscription delivers, if the test says so.
    types: Mutex<Option<Vec<String>>>,
    deliveries: broadcast::Sender<Option<pb::EventDelivery>>,
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
            types: Mutex::default(),
            deliveries: broadcast::channel(100).0,
        }));
        let handlers = Arc::new(bus.clone());
        // The methods that no test needs are unimplemented.
        let server = Server::new("souk.events.v1.EventService")
            .unary::<PublishEvents, _, _, _>("PublishEvents", &handlers)
            .unary::<GetSubscription, _, _, _>("GetSubscription", &handlers)
            .unary::<UpdateSubscription, _, _, _>("UpdateSubscription", &handlers)
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

    /// Lets the subscription exist already, with these types.
    pub fn set_types(&self, types: &[&str]) {
        *self.0.types.lock() = Some(types.iter().map(|kind| (*kind).to_owned()).collect());
    }

    /// Returns the types that [`Bus::set_types`] or an update has set.
    pub fn types(&self) -> Vec<String> {
        self.0.types.lock().clone().unwrap_or_default()
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
        let delivery = pb::EventDelivery {
            event: Some(event),
            ack_id: ack_id.into(),
            ..pb::EventDelivery::default()
        };
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

impl Handle<PublishEvents> for Bus {
    async fn handle(
        &self,
        call: Call<pb::PublishEventsRequest>,
    ) -> Result<pb::PublishEventsResponse, Status> {
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
            let failure = |retryable| {
                let message = "the test says so".to_owned();
                Outcome::Failure(pb::PublishFailure {
                    message,
                    retryable,
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
        Ok(pb::PublishEventsResponse { results })
    }
}

impl Handle<GetSubscription> for Bus {
    async fn handle(
        &self,
        call: Call<pb::GetSubscriptionRequest>,
    ) -> Result<pb::GetSubscriptionResponse, Status> {
        let subscription = pb::Subscription {
            subscription_id: call.request.subscription_id,
            event_types: self.types(),
            etag: "1".to_owned(),
            ..pb::Subscription::default()
        };
        Ok(pb::GetSubscriptionResponse { subscription: Some(subscription) })
    }
}

impl Handle<UpdateSubscription> for Bus {
    async fn handle(
        &self,
        call: Call<pb::UpdateSubscriptionRequest>,
    ) -> Result<pb::UpdateSubscriptionResponse, Status> {
        let subscription = call.request.subscription.unwrap_or_default();
        *self.0.types.lock() = Some(subscription.event_types.clone());
        Ok(pb::UpdateSubscriptionResponse { subscription: Some(subscription) })
    }
}

/// Refuses a stream that asks for other types than the subscription delivers.
fn check_types(types: Option<&Vec<String>>, start: &pb::SubscribeStart) -> Result<(), Status> {
    if types.is_none_or(|types| *types == start.event_types) {
        return Ok(());
    }
    let metadata = [
        ("subscription_id".to_owned(), start.subscription_id.clone()),
        ("differs".to_owned(), "event_types".to_owned()),
    ];
    let reason = pb::ErrorReason::SubscriptionDiffers.as_str_name();
    let details = ErrorDetails::with_error_info(reason, "souk.events", metadata);
    let message = "the subscription has other event_types";
    Err(Status::with_error_details(Code::FailedPrecondition, message, details))
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
                        Ok(Some(pb::SubscribeRequest { request: Some(Part::Start(start)) })) => {
                            let checked = check_types(state.types.lock().as_ref(), &start);
                            state.starts.lock().push(start);
                            if let Err(status) = checked {
                                let _ = sender.send(Err(status)).await;
                                return;
                            }
                        }
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
