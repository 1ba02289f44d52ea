//! ListOrders: orders by id, a page at a time; a USER sees its own.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListOrders;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::state::State;
use crate::store::Filter;

impl Handle<ListOrders> for OrderRpc {
    async fn handle(&self, call: Call<pb::ListOrdersRequest>) -> Result<pb::ListOrdersResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let customer = convert::customer(&caller, request.customer_id)?;
        let filter = Filter {
            customer: Some(customer).filter(|customer| !customer.is_empty()),
            state: State::from_number(request.state.into()),
        };
        let list = convert::PagedList::new(self.store.tokens(), &caller, "orders", &filter);
        let page = list.page(request.page_size, &request.page_token)?;

        let (orders, has_more) = self.store.list(&filter, page).await?;

        let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
        let mut orders: Vec<pb::Order> = orders.iter().map(pb::Order::from).collect();
        let has_more = souk_data::page::fit(&mut orders) || has_more;
        let next_page_token = list.next_token(orders.len().checked_sub(1).filter(|_| has_more).map(|last| ids[last]));
        Ok(pb::ListOrdersResponse { orders, next_page_token })
    }
}
