//! ListFulfillments: all fulfillments of one order, oldest first, a page at a time.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListFulfillments;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<ListFulfillments> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListFulfillmentsRequest>,
    ) -> Result<pb::ListFulfillmentsResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let id = request.order_id()?;
        self.visible_order(&caller, id).await?;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListFulfillments",
            &[&id.to_string()],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

        let found = store::fulfillment::list(&self.db.read(), id, after, page.limit()).await?;

        let (fulfillments, next_page_token) = page.close(
            &found,
            |(number, _)| vec![(*number).into()],
            |(_, one)| convert::fulfillment(id, one),
        );
        Ok(pb::ListFulfillmentsResponse { fulfillments, next_page_token })
    }
}
