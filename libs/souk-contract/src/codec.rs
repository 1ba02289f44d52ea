//! The codec of all generated clients and servers: prost, and the field rules of a request before
//! and after it is decoded, so that no method ever gets a request, or a message of a client's
//! stream, that breaks them.

use std::marker::PhantomData;

use prost::Message;
use prost::bytes::{Buf, Bytes};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;
use tonic::codec::{BufferSettings, DecodeBuf, EncodeBuf};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{REASON_INVALID_FIELD, UNCOUNTED_BYTES, Validate, check_counts};

/// Reading a message of this size takes about a millisecond, longer than a task may hold its worker
/// thread.
const LONG_BYTES: usize = 64 << 10;

/// Encodes `T` and decodes `U`. A request that cannot be decoded or breaks a rule is
/// INVALID_ARGUMENT with BadRequest and ErrorInfo; a response that cannot be decoded is INTERNAL.
#[derive(Debug, Clone)]
pub struct Codec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> tonic::codec::Codec for Codec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Validate + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Encoder<T>;
    type Decoder = Decoder<U>;

    fn encoder(&mut self) -> Encoder<T> {
        Encoder(PhantomData)
    }

    fn decoder(&mut self) -> Decoder<U> {
        Decoder(PhantomData)
    }
}

/// Writes messages with prost.
#[derive(Debug, Clone)]
pub struct Encoder<T>(PhantomData<T>);

impl<T: Message> tonic::codec::Encoder for Encoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode_to(buffer);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// Reads messages with prost and checks requests.
#[derive(Debug, Clone)]
pub struct Decoder<U>(PhantomData<U>);

impl<U: Message + Default + Validate> tonic::codec::Decoder for Decoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let message = buffer.copy_to_bytes(buffer.remaining());
        count::<U>(&message)?;
        decode(message).map(Some)
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// Reads messages as bytes and writes whatever can be encoded: one codec for the servers of all
/// methods. What is too long is refused as soon as it is there, whether the caller has ended its
/// stream or not.
#[derive(Clone, Copy)]
pub(crate) struct BytesCodec(pub(crate) Count);

/// Checks the lengths of the lists in a message before it is decoded.
pub(crate) type Count = fn(&Bytes) -> Result<(), Status>;

impl tonic::codec::Codec for BytesCodec {
    type Encode = Encodable;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl tonic::codec::Encoder for BytesCodec {
    type Item = Encodable;
    type Error = Status;

    fn encode(&mut self, item: Encodable, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.0.encode_to(buffer);
        Ok(())
    }
}

impl tonic::codec::Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let message = buffer.copy_to_bytes(buffer.remaining());
        (self.0)(&message)?;
        Ok(Some(message))
    }
}

/// A message to write, whatever its type.
pub(crate) struct Encodable(Box<dyn Encode>);

impl Encodable {
    pub(crate) fn new(message: impl Message + 'static) -> Self {
        Encodable(Box::new(message))
    }
}

trait Encode: Send {
    fn encode_to(&self, buffer: &mut EncodeBuf<'_>);
}

impl<T: Message> Encode for T {
    fn encode_to(&self, buffer: &mut EncodeBuf<'_>) {
        self.encode(buffer)
            .expect("tonic's buffer grows, and encoding fails for want of space only");
    }
}

/// Decodes a message whose lists were counted, and checks it when it is a request; a long one aside
/// from other tasks.
pub(crate) fn decode<U: Message + Default + Validate>(message: Bytes) -> Result<U, Status> {
    if message.len() < LONG_BYTES { read(message) } else { aside(|| read(message)) }
}

/// Refuses a list that is too long before anything is decoded.
pub(crate) fn count<U: Validate>(message: &Bytes) -> Result<(), Status> {
    if !U::IS_REQUEST || message.len() < UNCOUNTED_BYTES {
        return Ok(());
    }
    let check =
        || check_counts(message, U::SHAPE).map_err(|violations| violations.into_status(U::DOMAIN));
    if message.len() < LONG_BYTES { check() } else { aside(check) }
}

fn read<U: Message + Default + Validate>(bytes: Bytes) -> Result<U, Status> {
    let item = U::decode(bytes).map_err(|error| malformed::<U>(&error))?;
    if U::IS_REQUEST {
        item.validate().map_err(|violations| violations.into_status(U::DOMAIN))?;
    }
    Ok(item)
}

/// Runs what takes long without holding up the tasks that wait for the same worker thread, where
/// the runtime has others.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

#[cold]
fn malformed<U: Validate>(error: &prost::DecodeError) -> Status {
    if !U::IS_REQUEST {
        #[expect(
            clippy::disallowed_methods,
            reason = "a client's own failure, made where there is no chassis"
        )]
        return Status::internal(format!("response cannot be decoded: {error}"));
    }
    let message = format!("request cannot be decoded: {error}");
    let mut details =
        ErrorDetails::with_bad_request_violation("", "is not a valid protobuf message of its type");
    details.set_error_info(REASON_INVALID_FIELD, U::DOMAIN, std::collections::HashMap::new());
    Status::with_error_details(Code::InvalidArgument, message, details)
}
