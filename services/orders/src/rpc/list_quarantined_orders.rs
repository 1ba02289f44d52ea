//! ListQuarantinedOrders: what waits for STAFF, and why.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store::{Filter, Quarantined};

pub async fn handle(
    rpc: &OrderRpc,
    request: Request<pb::ListQuarantinedOrdersRequest>,
) -> Result<pb::ListQuarantinedOrdersResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let list = convert::PagedList::new(rpc.store.tokens(), &caller, "quarantined", &Filter::default());
    let page = list.page(request.page_size, &request.page_token)?;

    let (waiting, has_more) = rpc.store.quarantined(page).await?;

    let mut orders: Vec<_> = waiting.iter().map(describe).collect();
    let has_more = souk_data::page::fit(&mut orders) || has_more;
    let last = orders.len().checked_sub(1).filter(|_| has_more).map(|last| waiting[last].order.id);
    Ok(pb::ListQuarantinedOrdersResponse { orders, next_page_token: list.next_token(last) })
}

fn describe(waiting: &Quarantined) -> pb::QuarantinedOrder {
    pb::QuarantinedOrder {
        order: Some((&waiting.order).into()),
        step: format!("{}.{}", waiting.kind.name(), waiting.step.name()),
        attempts: waiting.attempts as i32,
        failure: waiting.failure.clone(),
    }
}
