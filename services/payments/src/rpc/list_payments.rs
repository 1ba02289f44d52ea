//! ListPayments: payments by id, a page at a time.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert::PagedList;
use crate::error::Error;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::ListPaymentsRequest>,
) -> Result<pb::ListPaymentsResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let list = PagedList::new(rpc.store.tokens(), "payments", &caller, "");
    let page = list.page(request.page_size, &request.page_token)?;

    let (found, has_more) = rpc.store.payments(page).await?;

    let (payments, next_page_token) = list.close(&found, has_more, |payment| payment.id);
    Ok(pb::ListPaymentsResponse { payments, next_page_token })
}
