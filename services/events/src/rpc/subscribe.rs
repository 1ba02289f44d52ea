//! Subscribe: delivers events as they arrive and receives acks and nacks, on one stream.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use souk_chassis::Caller;
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service::Subscribe;
use souk_client::events::v1::subscribe_request::Request as Message;
use souk_contract::{Call, Handle, Requests, Responses};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::Timestamp;
use tokio::sync::watch;

use super::EventsRpc;
use crate::access::Reader;
use crate::convert;
use crate::delivery::{Limits, Updates};
use crate::error::Error;
use crate::log::{Entry, LogReader};
use crate::store;
use crate::subscription::{
    EventTypes, RequestedSettings, Settings, Start, Subscription, check_reader,
};

/// What the caller receives.
type Answers = BoxStream<'static, Result<pb::SubscribeResponse, Error>>;

/// How much may be with a consumer that does not say.
const DEFAULT_MESSAGES: usize = 1000;
const DEFAULT_BYTES: usize = 8 << 20;

/// The fields that name the subscription and say where it starts.
const NAME: &str = "start.subscription_id";
const START: &str = "start.start_position";

/// How much is read at once for a stream without a subscription.
const READ_EVENTS: usize = 250;
const READ_BYTES: usize = 512 << 10;

/// The subscription that a stream reads.
struct WantedSubscription {
    name: String,
    caller: Caller,
    settings: RequestedSettings,
    /// Where it starts in each partition, if it is to be made.
    offsets: Vec<i64>,
    now: Timestamp,
}

impl Handle<Subscribe> for EventsRpc {
    async fn handle(
        &self,
        call: Call<Requests<pb::SubscribeRequest>>,
    ) -> Result<Responses<pb::SubscribeResponse>, Error> {
        // The caller is answered before it has said anything: some clients send nothing before they
        // are.
        let reader = Reader::of_call(&call.caller);
        let opened = stream::once(open(self.clone(), call.caller, reader, call.request));
        Ok(Responses::new(opened.flat_map(|opened| match opened {
            Ok(answers) => answers,
            Err(error) => stream::once(async { Err(error) }).boxed(),
        })))
    }
}

/// Waits for the first message and begins what it asks for.
async fn open(
    rpc: EventsRpc,
    caller: Caller,
    reader: Reader,
    mut incoming: Requests<pb::SubscribeRequest>,
) -> Result<Answers, Error> {
    let first = incoming.message().await?.and_then(|first| first.request);
    let Some(Message::Start(start)) = first else {
        return Err(Error::StreamProtocol("the first message must be start"));
    };
    reader.check(&EventTypes::new(start.event_types.clone()))?;
    if start.subscription_id.is_empty() {
        read_along(&rpc, &start, incoming).await
    } else {
        deliver(&rpc, &caller, &start, incoming).await
    }
}

/// Delivers a subscription, which is made when it is not there. The settings of one that is there
/// are never changed here.
async fn deliver(
    rpc: &EventsRpc,
    caller: &Caller,
    start: &pb::SubscribeStart,
    incoming: Requests<pb::SubscribeRequest>,
) -> Result<Answers, Error> {
    let settings = convert::requested_settings(start);
    let from = convert::start(START, start.start_position, rpc.0.log.partitions())?;
    let subscription = find_or_make(rpc, caller, &start.subscription_id, settings, from).await?;

    let limits = Limits {
        messages: usize::try_from(start.max_outstanding_events)
            .ok()
            .filter(|n| *n > 0)
            .unwrap_or(DEFAULT_MESSAGES),
        bytes: usize::try_from(start.max_outstanding_bytes)
            .ok()
            .filter(|n| *n > 0)
            .unwrap_or(DEFAULT_BYTES),
        ack_deadline: convert::duration(start.ack_deadline),
    };
    let consumer =
        rpc.0.delivery.join(subscription.clone(), limits).await.until(rpc.0.drain.clone());
    let started = pb::SubscribeStarted { subscription: Some(rpc.describe(subscription).await?) };
    let started = pb::SubscribeResponse { started: Some(started), deliveries: Vec::new() };

    let listener = Listener::start(consumer.updates(), incoming);
    let deliveries = stream::unfold(Some((consumer, listener)), |open| async move {
        let (consumer, mut listener) = open?;
        tokio::select! {
            biased;
            // Whatever the consumer had is delivered again.
            end = listener.ended() => end.err().map(|error| (Err(error), None)),
            deliveries = consumer.next() => match deliveries {
                Ok(deliveries) => {
                    Some((Ok(pb::SubscribeResponse { started: None, deliveries }), Some((consumer, listener))))
                }
                Err(error) => Some((Err(error), None)),
            },
        }
    });
    Ok(Box::pin(stream::once(async { Ok(started) }).chain(deliveries)))
}

async fn find_or_make(
    rpc: &EventsRpc,
    caller: &Caller,
    name: &str,
    settings: RequestedSettings,
    from: Start,
) -> Result<Subscription, Error> {
    let found = store::subscription::find(&rpc.0.db.read(), name).await?;
    check_reader(caller, NAME, name, found.as_ref())?;
    if let Some(found) = found {
        return found.with_settings(&settings);
    }
    let offsets = rpc.offsets(START, from).await?;
    let now = rpc.0.clock.now();
    let wanted = WantedSubscription {
        name: name.to_owned(),
        caller: caller.clone(),
        settings,
        offsets,
        now,
    };
    rpc.0.db.write(ReadCommitted, wanted, insert_or_find).await
}

async fn insert_or_find(tx: &Tx, wanted: &WantedSubscription) -> Result<Subscription, Error> {
    let WantedSubscription { name, caller, settings, offsets, now } = wanted;
    let initial = Settings::default().with(settings);
    let is_new = store::subscription::insert(tx, name, &caller.key(), &initial, *now).await?;
    let found = store::subscription::lock(tx, name).await?;
    let found = found.ok_or_else(|| Error::SubscriptionNotFound(name.clone()))?;
    if is_new {
        store::position::insert_missing(tx, found.number, offsets).await?;
        return Ok(found);
    }
    check_reader(caller, NAME, name, Some(&found))?;
    found.with_settings(settings)
}

/// Applies what the consumer says, in a task of its own: acks count also while the consumer is slow
/// to read.
struct Listener {
    task: tokio::task::JoinHandle<()>,
    end: watch::Receiver<Option<Result<(), Error>>>,
}

impl Listener {
    fn start(updates: Updates, mut incoming: Requests<pb::SubscribeRequest>) -> Self {
        let (ended, end) = watch::channel(None);
        let task = tokio::spawn(async move {
            let end = loop {
                match incoming.message().await {
                    Ok(Some(pb::SubscribeRequest { request: Some(Message::Update(update)) })) => {
                        updates.apply(&update)
                    }
                    Ok(Some(_)) => break Err(Error::StreamProtocol("a second start")),
                    Ok(None) => break Ok(()),
                    Err(status) => break Err(status.into()),
                }
            };
            ended.send_replace(Some(end));
        });
        Listener { task, end }
    }

    /// Waits until the consumer has ended the stream, or broken its rules.
    async fn ended(&mut self) -> Result<(), Error> {
        match self.end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(Ok(())),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tails the log without a stored position: nothing is acknowledged, and a slow reader gets
/// backpressure.
async fn read_along(
    rpc: &EventsRpc,
    start: &pb::SubscribeStart,
    incoming: Requests<pb::SubscribeRequest>,
) -> Result<Answers, Error> {
    let event_types = Arc::new(EventTypes::new(start.event_types.clone()));
    let from = convert::start(START, start.start_position, rpc.0.log.partitions())?;
    let mut readers = Vec::new();
    for (partition, offset) in (0..).zip(rpc.offsets(START, from).await?) {
        let reader = rpc.0.log.reader(partition, offset);
        readers.push(entries(reader, partition, event_types.clone()));
    }
    let subscription = pb::Subscription {
        event_types: event_types.names().to_vec(),
        ..pb::Subscription::default()
    };
    let started = pb::SubscribeStarted { subscription: Some(subscription) };
    let started = pb::SubscribeResponse { started: Some(started), deliveries: Vec::new() };
    let until = closed(incoming);
    let read = stream::select_all(readers).take_until(until);
    Ok(Box::pin(stream::once(async { Ok(started) }).chain(read)))
}

/// Waits until the caller has ended its side of the stream.
async fn closed(mut incoming: Requests<pb::SubscribeRequest>) {
    // There is nothing to acknowledge, so what it says does not matter.
    while let Ok(Some(_)) = incoming.message().await {}
}

/// The wanted events of one partition, in answers.
fn entries(reader: Box<dyn LogReader>, partition: u32, event_types: Arc<EventTypes>) -> Answers {
    let read = stream::unfold(Some(reader), move |reader| {
        let event_types = event_types.clone();
        async move {
            let mut reader = reader?;
            loop {
                let entries = match reader.next(READ_EVENTS, READ_BYTES).await {
                    Ok(entries) => entries,
                    Err(error) => return Some((Err(error.into()), None)),
                };
                let wanted =
                    entries.iter().filter(|entry| event_types.matches(&entry.event.r#type));
                let deliveries: Vec<_> = wanted.map(|entry| delivery(partition, entry)).collect();
                if !deliveries.is_empty() {
                    return Some((
                        Ok(pb::SubscribeResponse { started: None, deliveries }),
                        Some(reader),
                    ));
                }
            }
        }
    });
    read.boxed()
}

fn delivery(partition: u32, entry: &Entry) -> pb::EventDelivery {
    let publish_time: Timestamp = entry.publish_time;
    pb::EventDelivery {
        event: Some(pb::Event::clone(&entry.event)),
        ack_id: String::new(),
        delivery_attempt: 1,
        position: Some(convert::position(partition, entry.offset)),
        publish_time: Some(publish_time.into()),
    }
}
