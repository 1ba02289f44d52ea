//! ListOrders: orders by time, a page at a time; a USER sees its own.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListOrders;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<ListOrders> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListOrdersRequest>,
    ) -> Result<pb::ListOrdersResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let filter = convert::filter(&request)?;
        // A token is good for the list of this filter only.
        let scope = format!("{filter:?}");
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListOrders",
            &[&scope],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map(|cursor| cursor.get(0)).transpose()?;

        let orders = store::order_list::list(&self.db.read(), &filter, after, page.limit()).await?;

        let (orders, next_page_token) =
            page.close(&orders, |order| vec![order.id.into()], |order| pb::Order::from(order));
        Ok(pb::ListOrdersResponse { orders, next_page_token })
    }
}
