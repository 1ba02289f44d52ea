//! What a service implements for each method, and what it gets: the request, who calls, and until
//! when the result is of use.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use prost::Message;
use prost::bytes::Bytes;
use tonic::{Status, Streaming};

use crate::codec::decode;
use crate::{Caller, CallerKind, Deadline, PublicError, Validate};

/// A method of the contract, as a type. Generated, one for each method.
pub trait Method: 'static {
    /// How it is called: `/souk.orders.v1.OrderService/PlaceOrder`.
    const PATH: &'static str;
    /// The path of the field that [`customer`](Self::customer) returns, as a caller knows it:
    /// `preferences.customer_id`. Empty where it returns none.
    const OWN: &'static str = "";
    /// The request, or [`Requests`] when the caller sends a stream.
    type Input: Send;
    /// The response, or [`Responses`] when the service sends a stream.
    type Output: Send;

    /// Returns the field of the request that names the customer whose things a user reaches, where
    /// the option `own` of the method names such a field.
    fn customer(_request: &mut Self::Input) -> Option<&mut String> {
        None
    }

    /// Returns the fields of the request that are set, each with the kinds of caller that may set
    /// it, where it has the option `set_by`.
    fn set_by(_request: &Self::Input) -> Vec<(&'static str, &'static [CallerKind])> {
        Vec::new()
    }
}

/// A request by whose `request_id` a repeat is known. Generated.
pub trait RequestId: Message {
    /// Takes the id out, so that what is left is what was asked.
    fn take_request_id(&mut self) -> String;
}

/// A message that is published as an event, under its full name. Generated.
pub trait Event: Message {
    /// Returns what the event is about, for instance an order's id. Events of one key are delivered
    /// in the order of their changes.
    fn key(&self) -> &str;

    /// Returns the event without what no event may carry: fields whose `data_class` is PERSONAL or
    /// SECRET (`souk.policy.v1.field`). None when its type has no such field.
    fn without_private(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// A service: the type that has the method of every RPC.
pub trait Handlers: Send + Sync + 'static {
    /// What its methods fail with.
    type Error: PublicError + Send + Sync + 'static;
}

/// One method of a service.
pub trait Handle<M: Method>: Handlers {
    /// Answers one call.
    fn handle(
        &self,
        call: Call<M::Input>,
    ) -> impl Future<Output = Result<M::Output, Self::Error>> + Send;
}

/// One call of a method.
#[derive(Debug)]
pub struct Call<R> {
    /// What is asked for. It keeps the rules of its fields.
    pub request: R,
    /// Who calls.
    pub caller: Caller,
    /// Until when the caller waits for the response.
    pub deadline: Deadline,
}

/// The stream of a caller's messages, each of which keeps the rules of its fields.
#[derive(Debug)]
pub struct Requests<R> {
    messages: Streaming<Bytes>,
    decode: fn(Bytes) -> Result<R, Status>,
}

impl<R: Message + Default + Validate> Requests<R> {
    pub(crate) fn new(messages: Streaming<Bytes>) -> Self {
        Requests { messages, decode: decode::<R> }
    }
}

impl<R> Requests<R> {
    /// Returns the next message, and none after the last.
    ///
    /// # Errors
    /// When the stream broke off, or a message cannot be read or breaks a rule.
    pub async fn message(&mut self) -> Result<Option<R>, Status> {
        self.messages.message().await?.map(self.decode).transpose()
    }
}

impl<R> Stream for Requests<R> {
    type Item = Result<R, Status>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.messages.poll_next_unpin(task);
        let decode = self.decode;
        next.map(|message| message.map(|message| message.and_then(decode)))
    }
}

/// What a stream of responses ends with when it fails.
type StreamError = Box<dyn PublicError + Send + Sync>;

/// The stream of a service's messages. It ends with the first error.
pub struct Responses<R>(Pin<Box<dyn Stream<Item = Result<R, StreamError>> + Send>>);

impl<R> Responses<R> {
    /// Answers with this stream.
    pub fn new<E>(stream: impl Stream<Item = Result<R, E>> + Send + 'static) -> Self
    where
        E: PublicError + Send + Sync + 'static,
    {
        Responses(Box::pin(stream.map_err(|error| -> StreamError { Box::new(error) })))
    }

    pub(crate) fn into_inner(self) -> impl Stream<Item = Result<R, StreamError>> + Send + 'static
    where
        R: 'static,
    {
        self.0
    }
}
