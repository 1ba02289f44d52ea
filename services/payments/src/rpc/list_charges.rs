//! ListCharges: the simulator's own book, as a provider's statement.

use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use tonic::Request;

use super::SimulatorRpc;
use crate::convert::PagedList;
use crate::error::Error;

pub async fn handle(
    rpc: &SimulatorRpc,
    request: Request<pb::ListChargesRequest>,
) -> Result<pb::ListChargesResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let list = PagedList::new(rpc.simulator.db().page_tokens(), "charges", &caller, "");
    let page = list.page(request.page_size, &request.page_token)?;

    let (found, has_more) = rpc.simulator.charges(page.after, page.size).await?;

    let (charges, next_page_token) = list.close(&found, has_more, |charge| charge.payment);
    Ok(pb::ListChargesResponse { charges, next_page_token })
}
