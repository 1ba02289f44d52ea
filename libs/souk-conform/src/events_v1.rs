//! The messages of `souk.events.v1.EventService`, as far as the suite needs them.

/// An event, without what the bus sets.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// Its id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The full name of the payload's message.
    #[prost(string, tag = "3")]
    pub r#type: String,
    /// What it is about.
    #[prost(string, tag = "4")]
    pub subject: String,
    /// The payload.
    #[prost(bytes = "vec", tag = "8")]
    pub data: Vec<u8>,
    /// Events of one key are delivered in order.
    #[prost(string, tag = "9")]
    pub ordering_key: String,
}

/// The request of PublishEvents.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PublishEventsRequest {
    /// The events.
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<Event>,
}

/// The response of PublishEvents.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PublishEventsResponse {
    /// One for each event.
    #[prost(message, repeated, tag = "1")]
    pub results: Vec<PublishResult>,
}

/// What became of one event.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PublishResult {
    /// Why it was not taken; nothing when it was.
    #[prost(message, optional, tag = "2")]
    pub failure: Option<PublishFailure>,
}

/// Why an event was not taken.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PublishFailure {
    /// For people.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// The request of GetSubscription.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetSubscriptionRequest {
    /// The name of the subscription.
    #[prost(string, tag = "1")]
    pub subscription_id: String,
}

/// The response of GetSubscription.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GetSubscriptionResponse {
    /// The subscription.
    #[prost(message, optional, tag = "1")]
    pub subscription: Option<Subscription>,
}

/// A subscription, as far as it is looked at.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Subscription {
    /// How many events are not acknowledged.
    #[prost(int64, tag = "11")]
    pub lag: i64,
}
