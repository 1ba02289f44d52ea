//! The check of a service's invariants, as a test asks for it.

use http_body::Body;
use souk_client::ops::v1::invariant_service_client::InvariantServiceClient;
use souk_client::ops::v1::{CheckInvariantsRequest, InvariantReport};
use tonic::Status;
use tonic::client::GrpcService;
use tonic::codegen::StdError;

/// Has a service check its invariants.
///
/// # Errors
/// When it does not answer, or not to this caller.
pub async fn check_invariants<C>(channel: C, service: &str) -> Result<InvariantReport, Status>
where
    C: GrpcService<tonic::body::Body>,
    C::Error: Into<StdError>,
    C::ResponseBody: Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    let request = CheckInvariantsRequest { service: service.to_owned() };
    let answer = InvariantServiceClient::new(channel).check_invariants(request).await?;
    let mut reports = answer.into_inner().reports;
    assert_eq!(reports.len(), 1, "one service was asked: {reports:?}");
    Ok(reports.remove(0))
}
