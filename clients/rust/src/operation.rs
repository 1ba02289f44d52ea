//! Waiting for work that goes on after the call that started it (`souk.operations.v1`), and the
//! import of products, which is such work.
#![expect(
    clippy::disallowed_methods,
    reason = "a client reports the failure of an operation as that of a call"
)]

use prost::Message;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};
use tonic::{Code, Response, Status};

use crate::catalog::v1::catalog_service_client::CatalogServiceClient;
use crate::catalog::v1::{
    ImportProductsRequest, ImportProductsResult, ImportResult, ImportedProduct,
};
use crate::operations::v1::operation::Result as Ending;
use crate::operations::v1::operation_service_client::OperationServiceClient;
use crate::operations::v1::{Operation, WaitOperationRequest, WaitOperationResponse};

/// Waits until an operation is done, with `wait` calling WaitOperation again and again, and returns
/// its response, which must be an `M`.
///
/// # Errors
/// What `wait` failed with, or what the operation failed with.
pub async fn response_of<M, F, Fut>(mut operation: Operation, mut wait: F) -> Result<M, Status>
where
    M: Message + Default,
    F: FnMut(WaitOperationRequest) -> Fut,
    Fut: Future<Output = Result<WaitOperationResponse, Status>>,
{
    while !operation.done {
        let request = WaitOperationRequest {
            service: operation.service.clone(),
            operation_id: operation.operation_id.clone(),
            timeout: None,
        };
        operation = wait(request).await?.operation.unwrap_or_default();
    }
    match operation.result {
        Some(Ending::Response(response)) => {
            M::decode(response.value.as_slice()).map_err(|_| unreadable())
        }
        Some(Ending::Error(error)) => {
            let details = error.encode_to_vec().into();
            Err(Status::with_details(Code::from_i32(error.code), error.message, details))
        }
        None => Err(unreadable()),
    }
}

fn unreadable() -> Status {
    Status::internal("the operation has no response that can be read")
}

/// Returns the messages of an import's stream: the first one has the request id.
pub fn import_stream(
    request_id: &str,
    items: impl IntoIterator<Item = ImportedProduct>,
) -> Vec<ImportProductsRequest> {
    let mut messages: Vec<ImportProductsRequest> = items
        .into_iter()
        .map(|item| ImportProductsRequest { item: Some(item), request_id: String::new() })
        .collect();
    if let Some(first) = messages.first_mut() {
        first.request_id = request_id.to_owned();
    }
    messages
}

/// Imports products, at least one and at most 10,000, and waits for the result of each.
///
/// # Errors
/// What a call or the operation failed with.
pub async fn import_products<T>(
    channel: T,
    request_id: &str,
    items: impl IntoIterator<Item = ImportedProduct>,
) -> Result<Vec<ImportResult>, Status>
where
    T: GrpcService<Body> + Clone,
    T::Error: Into<StdError>,
    T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
{
    let stream = futures_util::stream::iter(import_stream(request_id, items));
    let started = CatalogServiceClient::new(channel.clone()).import_products(stream).await?;
    let operation = started.into_inner().operation.unwrap_or_default();
    let wait = |request| {
        let mut operations = OperationServiceClient::new(channel.clone());
        async move { operations.wait_operation(request).await.map(Response::into_inner) }
    };
    let result: ImportProductsResult = response_of(operation, wait).await?;
    Ok(result.results)
}
