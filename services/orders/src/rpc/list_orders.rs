//! ListOrders: orders by id, a page at a time; a USER sees its own.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::order::State;
use crate::store::Filter;

pub async fn handle(rpc: &OrderRpc, request: Request<pb::ListOrdersRequest>) -> Result<pb::ListOrdersResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let customer = convert::customer(&caller, request.customer_id)?;
    let filter = Filter {
        customer: Some(customer).filter(|customer| !customer.is_empty()),
        state: State::from_number(request.state.into()),
    };
    let list = convert::PagedList::new(rpc.store.tokens(), &caller, "orders", &filter);
    let page = list.page(request.page_size, &request.page_token)?;

    let (orders, has_more) = rpc.store.list(&filter, page).await?;

    let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
    let mut orders: Vec<pb::Order> = orders.iter().map(pb::Order::from).collect();
    let has_more = souk_data::page::fit(&mut orders) || has_more;
    let next_page_token = list.next_token(orders.len().checked_sub(1).filter(|_| has_more).map(|last| ids[last]));
    Ok(pb::ListOrdersResponse { orders, next_page_token })
}
