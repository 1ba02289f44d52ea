//! ListOrders: orders by id, a page at a time; a USER sees its own.

use sea_orm::ActiveEnum;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListOrders;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::state::State;
use crate::store;
use crate::store::order::Filter;

impl Handle<ListOrders> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListOrdersRequest>,
    ) -> Result<pb::ListOrdersResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let customer = convert::customer(&caller, request.customer_id)?;
        // An unspecified state is any.
        let state = State::try_from_value(&request.state.into()).ok();
        let scope = [customer.clone(), state.map_or_else(String::new, |state| state.to_string())];
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListOrders",
            &scope.each_ref().map(String::as_str),
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let filter =
            Filter { customer: Some(customer).filter(|customer| !customer.is_empty()), state };
        let orders = store::order::list(&self.db.read(), &filter, after, page.limit()).await?;

        let (orders, next_page_token) =
            page.close(&orders, |order| vec![order.id.into()], |order| pb::Order::from(order));
        Ok(pb::ListOrdersResponse { orders, next_page_token })
    }
}
