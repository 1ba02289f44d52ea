//! The codec of all generated clients and servers: prost, and the field rules of a request before and after it is decoded, so that
//! no method, and no message of a client's stream, is ever handed a request that breaks them.

use std::marker::PhantomData;

use prost::Message;
use prost::bytes::{Buf, Bytes};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;
use tonic::codec::{BufferSettings, DecodeBuf, EncodeBuf};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{REASON_INVALID_FIELD, UNCOUNTED_BYTES, Validate, check_counts};

/// Reading a message of this size takes about a millisecond, longer than a task may hold its worker thread.
const LONG_BYTES: usize = 64 << 10;

/// Encodes `T` and decodes `U`. A request that cannot be decoded or breaks a rule is INVALID_ARGUMENT with BadRequest and ErrorInfo;
/// a response that cannot be decoded is INTERNAL.
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
        item.encode(buffer).expect("tonic's buffer grows, and encoding fails for want of space only");
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
        let bytes = buffer.remaining();
        if bytes < UNCOUNTED_BYTES {
            return read(buffer).map(Some);
        }
        let message = buffer.copy_to_bytes(bytes);
        if bytes < LONG_BYTES {
            return read_counted(message).map(Some);
        }
        aside(|| read_counted(message)).map(Some)
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

/// Decodes a message and checks it when it is a request.
fn read<U: Message + Default + Validate>(bytes: impl Buf) -> Result<U, Status> {
    let item = U::decode(bytes).map_err(|error| malformed::<U>(&error))?;
    if U::IS_REQUEST {
        item.validate().map_err(|violations| violations.into_status(U::PACKAGE))?;
    }
    Ok(item)
}

/// The same, and refuses a list that is too long before anything is decoded.
fn read_counted<U: Message + Default + Validate>(bytes: Bytes) -> Result<U, Status> {
    if U::IS_REQUEST {
        check_counts(&bytes, U::SHAPE).map_err(|violations| violations.into_status(U::PACKAGE))?;
    }
    read(bytes)
}

/// Runs what takes long without holding up the tasks that wait for the same worker thread, where the runtime has others.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

#[cold]
fn malformed<U: Validate>(error: &prost::DecodeError) -> Status {
    if !U::IS_REQUEST {
        #[expect(clippy::disallowed_methods, reason = "a client's own failure, made where there is no chassis")]
        return Status::internal(format!("response cannot be decoded: {error}"));
    }
    let message = format!("request cannot be decoded: {error}");
    let mut details = ErrorDetails::with_bad_request_violation("", "is not a valid protobuf message of its type");
    details.set_error_info(REASON_INVALID_FIELD, U::PACKAGE, std::collections::HashMap::new());
    Status::with_error_details(Code::InvalidArgument, message, details)
}
