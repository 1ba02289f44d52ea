//! ListRefunds: refunds by id, of one payment or of all, a page at a time.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::PaymentRpc;
use crate::convert::{self, PagedList};
use crate::error::Error;

pub async fn handle(
    rpc: &PaymentRpc,
    request: Request<pb::ListRefundsRequest>,
) -> Result<pb::ListRefundsResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let wanted = Some(request.payment_id.as_str()).filter(|id| !id.is_empty());
    let payment = wanted.map(convert::payment_id).transpose()?;
    let list = PagedList::new(rpc.store.tokens(), "refunds", &caller, &request.payment_id);
    let page = list.page(request.page_size, &request.page_token)?;

    let (found, has_more) = rpc.store.refunds(payment, page).await?;

    let (refunds, next_page_token) = list.close(&found, has_more, |refund| refund.id);
    Ok(pb::ListRefundsResponse { refunds, next_page_token })
}
