//! Operations, stored ↔ wire.

use prost::Message;
use souk_client::operations::v1::Operation;
use souk_client::operations::v1::operation::Result as Ending;
use souk_client::types::v1::Actor;
use souk_data::Error;
use souk_data::operation::Model;

/// Returns an operation of a service as a caller sees it.
///
/// # Errors
/// When what is stored cannot be read.
pub fn answer(service: &str, operation: &Model) -> Result<Operation, Error> {
    let result = match (&operation.response, &operation.error) {
        (Some(response), _) => Some(Ending::Response(decoded(response)?)),
        (None, Some(error)) => Some(Ending::Error(decoded(error)?)),
        (None, None) => None,
    };
    Ok(Operation {
        service: service.to_owned(),
        operation_id: operation.operation_id.to_string(),
        method: operation.method.trim_start_matches('/').replace('/', "."),
        metadata: Some(decoded(&operation.metadata)?),
        done: operation.done_time.is_some(),
        actor: Actor::from_stored(&operation.caller),
        cancel_time: operation.cancel_time.map(Into::into),
        create_time: Some(operation.create_time.into()),
        update_time: Some(operation.update_time.into()),
        expire_time: operation.expire_time().map(Into::into),
        result,
    })
}

fn decoded<M: Message + Default>(bytes: &[u8]) -> Result<M, Error> {
    M::decode(bytes).map_err(|_| Error::Corrupt("an operation cannot be decoded".into()))
}
