//! A subscription: reads its events continuously and handles each event once, in one write with its
//! entry in the inbox.
//!
//! **Invariant:** an event is acknowledged only after the write of its effect is committed. The bus
//! has at most one event of a key with us at a time, so all that we hold can be handled at once; on
//! SQLite they share one commit.
//!
//! **Invariant:** an event reaches a handler only if it says that it comes from the owner of its
//! type. The bus refuses others when they are published; an older log, or a topic that others write
//! to, may hold some.
//!
//! **Invariant:** a subscription only ever gets more types from its consumers. While a service is
//! being deployed two versions of it run, and a type that one took away from the other would be
//! skipped for good. A version that handles fewer types waits until someone decides.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use prost::Message;
use souk_chassis::{Channel, Context, Drain, Host};
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::subscribe_request::Request;
use souk_data::{Db, Isolation, Tx, inbox};
use souk_types::{Backoff, Clock, Timestamp};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic_types::StatusExt as _;
use tracing::{info, warn};

use crate::delivery::{Delivery, HandlerError, inbox_key};
use crate::owner::is_from_owner;
use crate::{BUS, FIRST_PAUSE, LONGEST_PAUSE};

/// The most events that are handled at once.
const AT_ONCE: i32 = 256;

/// How long an event is tried here while the database fails, before it is given back; below the
/// deadline of an event.
const DATABASE_PATIENCE: Duration = Duration::from_secs(20);

/// How long adding types to the subscription may take.
const UPDATE_TIMEOUT: Duration = Duration::from_secs(5);

/// How often dropped events of one type are logged.
const FOREIGN_LOG_INTERVAL: Duration = Duration::from_secs(60);

const EARLIEST: pb::StartPosition = pb::StartPosition {
    start: Some(pb::start_position::Start::Boundary(pb::LogBoundary::Earliest as i32)),
};

type Handling = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;
type Filter = Arc<dyn Fn(&pb::Event) -> bool + Send + Sync>;
type Handler = Arc<dyn Fn(Tx, Arc<pb::Event>) -> Handling + Send + Sync>;

/// A subscription and what is done with its events.
#[derive(Clone)]
pub struct Subscription {
    service: String,
    subscription: &'static str,
    bus: EventServiceClient<Channel>,
    db: Db,
    clock: Clock,
    from_the_beginning: bool,
    handlers: BTreeMap<&'static str, Handler>,
    /// When a dropped event was last logged, by type.
    foreign_logged: Arc<Mutex<HashMap<String, Instant>>>,
    filters: BTreeMap<&'static str, Filter>,
}

impl Subscription {
    /// Names the lasting subscription, which is made on the first connection, and the database of
    /// its effects.
    pub fn new(host: &Host, db: Db, clock: Clock, subscription: &'static str) -> Self {
        Subscription {
            service: host.name().to_owned(),
            subscription,
            bus: EventServiceClient::new(host.channel(BUS)),
            db,
            clock,
            from_the_beginning: false,
            handlers: BTreeMap::new(),
            foreign_logged: Arc::default(),
            filters: BTreeMap::new(),
        }
    }

    /// Starts a subscription that is made now at the oldest event that is kept, not at the next
    /// one.
    #[must_use]
    pub fn from_the_beginning(mut self) -> Self {
        self.from_the_beginning = true;
        self
    }

    /// Says what is done with events of the type `kind`, the full name of `M`. The handler runs in
    /// the write that also records the event as handled, so its effect happens once; like every
    /// closure of a write it may run again and waits for nothing but its own statements.
    #[must_use]
    pub fn on<M, F, Fut>(mut self, kind: &'static str, handler: F) -> Self
    where
        M: Message + Default + 'static,
        F: Fn(Tx, Delivery<M>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |tx, event| {
            let handler = handler.clone();
            Box::pin(async move { handler(tx, Delivery::decode(&event)?).await })
        });
        self.handlers.insert(kind, handler);
        self
    }

    /// As [`Subscription::on`], for a type of which most events do not matter here: those for which
    /// `matters` is false are acknowledged without a write. What cannot be decoded goes to the
    /// handler, which refuses it.
    #[must_use]
    pub fn on_some<M, F, Fut>(
        mut self,
        kind: &'static str,
        matters: impl Fn(&M) -> bool + Send + Sync + 'static,
        handler: F,
    ) -> Self
    where
        M: Message + Default + 'static,
        F: Fn(Tx, Delivery<M>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        let filter: Filter =
            Arc::new(move |event| M::decode(event.data.clone()).map_or(true, |one| matters(&one)));
        self.filters.insert(kind, filter);
        self.on(kind, handler)
    }

    /// Keeps a type in the subscription that an earlier version handled, and does nothing with its
    /// events. The subscription delivers it already, and types are not taken away by a consumer.
    #[must_use]
    pub fn ignore(mut self, kind: &'static str) -> Self {
        self.handlers.insert(kind, Arc::new(|_, _| Box::pin(async { Ok(()) })));
        self.filters.insert(kind, Arc::new(|_| false));
        self
    }

    /// Reads and handles until the drain; run it as a worker. A bus that is away is waited for.
    pub async fn run(self, drain: Drain) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        while !drain.is_draining() {
            let ended = self.read(&drain, &mut backoff).await;
            let Err(status) = ended else { return };
            let mut problem = format!("{:?}: {}", status.code(), status.message());
            if differs(&status) {
                match self.add_types().await {
                    Ok(()) => {
                        drain.pause(FIRST_PAUSE).await;
                        continue;
                    }
                    Err(why) => problem = why,
                }
            }
            if !backoff.is_failing() {
                let name = self.subscription;
                warn!(
                    service = self.service,
                    "subscription {name} waits for the event bus: {problem}"
                );
            }
            drain.pause(backoff.next_pause()).await;
        }
    }

    /// Adds the types that this version handles and the subscription does not deliver yet. Takes
    /// none away: then it fails, with the reason for people.
    async fn add_types(&self) -> Result<(), String> {
        let context = Context::background(&self.service).with_timeout(UPDATE_TIMEOUT);
        let mut bus = self.bus.clone();
        let text = |status: tonic::Status| format!("{:?}: {}", status.code(), status.message());
        let request = pb::GetSubscriptionRequest { subscription_id: self.subscription.to_owned() };
        let found = context.scope(bus.get_subscription(request)).await.map_err(text)?;
        let found = found.into_inner().subscription.unwrap_or_default();
        let is_ours = |kind: &str| self.handlers.contains_key(kind);
        let others: Vec<&str> =
            found.event_types.iter().map(String::as_str).filter(|kind| !is_ours(kind)).collect();
        if found.event_types.is_empty() || !others.is_empty() {
            let others =
                if others.is_empty() { "every type".to_owned() } else { others.join(", ") };
            return Err(format!(
                "it also delivers {others}, which this version does not handle; handle or ignore \
                 them, or change the subscription's event_types"
            ));
        }
        let subscription = pb::Subscription {
            subscription_id: self.subscription.to_owned(),
            event_types: self.event_types(),
            etag: found.etag,
            ..pb::Subscription::default()
        };
        let request = pb::UpdateSubscriptionRequest {
            subscription: Some(subscription),
            update_mask: Some(prost_types::FieldMask { paths: vec!["event_types".to_owned()] }),
        };
        context.scope(bus.update_subscription(request)).await.map_err(text)?;
        info!(service = self.service, "subscription {} has new event types", self.subscription);
        Ok(())
    }

    fn event_types(&self) -> Vec<String> {
        self.handlers.keys().map(|kind| (*kind).to_owned()).collect()
    }

    /// Reads one stream to its end. Ok: the process drains.
    async fn read(&self, drain: &Drain, backoff: &mut Backoff) -> Result<(), tonic::Status> {
        let (updates, receiver) = mpsc::channel(AT_ONCE as usize);
        let start = pb::SubscribeStart {
            subscription_id: self.subscription.to_owned(),
            event_types: self.event_types(),
            start_position: self.from_the_beginning.then_some(EARLIEST),
            max_outstanding_events: AT_ONCE,
            ..pb::SubscribeStart::default()
        };
        // The channel is empty, so there is room.
        let _ = updates.try_send(pb::SubscribeRequest { request: Some(Request::Start(start)) });
        let mut bus = self.bus.clone();
        let context = Context::background(&self.service);
        let mut stream = context
            .scope(async move { bus.subscribe(ReceiverStream::new(receiver)).await })
            .await?
            .into_inner();

        let mut handling = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = drain.started() => break,
                message = stream.message() => {
                    let Some(message) = message? else { return Err(ended()) };
                    if backoff.is_failing() {
                        info!(service = self.service, "subscription {} is connected again", self.subscription);
                    }
                    backoff.reset();
                    handling.extend(message.deliveries.into_iter().map(|delivery| self.handle(delivery)));
                }
                Some(update) = handling.next(), if !handling.is_empty() => {
                    let mut update: pb::SubscribeUpdate = update;
                    // What ends together is acknowledged together.
                    while let Some(Some(more)) = futures_util::FutureExt::now_or_never(handling.next()) {
                        update.ack_ids.extend(more.ack_ids);
                        update.nacks.extend(more.nacks);
                    }
                    let request = pb::SubscribeRequest { request: Some(Request::Update(update)) };
                    if updates.send(request).await.is_err() {
                        return Err(ended());
                    }
                }
            }
        }
        // What is in progress comes to its end; without its acknowledgement it is delivered again
        // and then known.
        while handling.next().await.is_some() {}
        Ok(())
    }

    /// Handles one event and returns how to acknowledge it.
    async fn handle(&self, delivery: pb::EventDelivery) -> pb::SubscribeUpdate {
        let ack_id = delivery.ack_id;
        let event = Arc::new(delivery.event.unwrap_or_default());
        let outcome = self.apply(&event).await;
        let kind = event.r#type.clone();
        let label = if outcome.is_ok() { "handled" } else { "failed" };
        metrics::counter!("souk_events_handled_total", "subscription" => self.subscription, "type" => kind, "outcome" => label)
            .increment(1);
        let mut update = pb::SubscribeUpdate::default();
        match outcome {
            Ok(()) => update.ack_ids.push(ack_id),
            Err(error) => {
                let kind = &event.r#type;
                let id = &event.id;
                warn!(event.id = %id, "subscription {} could not handle {kind} {id}: {error}", self.subscription);
                let permanent = matches!(error, HandlerError::Poison(_));
                let reason: String =
                    error.to_string().chars().filter(|c| *c != '\0').take(1000).collect();
                update.nacks.push(pb::Nack { ack_id, reason, permanent });
            }
        }
        update
    }

    /// Counts an event that does not come from the owner of its type, and logs it at most once a
    /// minute for each type.
    fn drop_foreign(&self, event: &pb::Event) {
        let kind = &event.r#type;
        let id = &event.id;
        let source = &event.source;
        metrics::counter!("souk_events_foreign_total", "subscription" => self.subscription, "type" => kind.clone())
            .increment(1);
        let mut logged = self.foreign_logged.lock();
        if logged.get(kind).is_none_or(|last| last.elapsed() >= FOREIGN_LOG_INTERVAL) {
            logged.insert(kind.clone(), Instant::now());
            let subscription = self.subscription;
            warn!(event.id = %id, "subscription {subscription} drops {kind} {id}: {source} does not own this type");
        }
    }

    async fn apply(&self, event: &Arc<pb::Event>) -> Result<(), HandlerError> {
        // Nothing but the types of our handlers was asked for; after a deployment an older stream
        // may still send others.
        let Some(handler) = self.handlers.get(event.r#type.as_str()).cloned() else {
            return Ok(());
        };
        if !is_from_owner(event) {
            self.drop_foreign(event);
            return Ok(());
        }
        if self.filters.get(event.r#type.as_str()).is_some_and(|matters| !matters(event)) {
            return Ok(());
        }
        let traceparent = event.extensions.get("traceparent").map_or("", String::as_str);
        let context = Context::following(&self.service, traceparent);
        let started = Instant::now();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let input = (self.subscription, handler.clone(), event.clone(), self.clock.now());
            let written =
                context.scope(self.db.write(Isolation::Serializable, input, handle_first)).await;
            match written {
                Err(HandlerError::Database(error)) if started.elapsed() < DATABASE_PATIENCE => {
                    let pause = backoff.next_pause();
                    warn!("subscription {} retries in {pause:?}: {error}", self.subscription);
                    tokio::time::sleep(pause).await;
                }
                other => return other,
            }
        }
    }
}

/// Runs the handler, unless the event was handled before.
async fn handle_first(
    tx: &Tx,
    input: &(&'static str, Handler, Arc<pb::Event>, Timestamp),
) -> Result<(), HandlerError> {
    let (subscription, handler, event, now) = input;
    if inbox::is_first(tx, subscription, inbox_key(event), *now).await? {
        handler(tx.clone(), event.clone()).await?;
    }
    Ok(())
}

/// Returns whether the bus says that the subscription has other settings than we ask for.
fn differs(status: &tonic::Status) -> bool {
    let info = status.get_details_error_info();
    info.is_some_and(|info| info.reason == pb::ErrorReason::SubscriptionDiffers.as_str_name())
}

// A stream ends without an error only when the bus goes away in the middle.
#[allow(clippy::disallowed_methods)]
fn ended() -> tonic::Status {
    tonic::Status::unavailable("the event bus ended the stream")
}
