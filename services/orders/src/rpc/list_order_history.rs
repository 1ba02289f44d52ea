//! ListOrderHistory: all changes of one order by version, a page at a time.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListOrderHistory;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store;

impl Handle<ListOrderHistory> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListOrderHistoryRequest>,
    ) -> Result<pb::ListOrderHistoryResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let id = request.order_id()?;
        let order = self.visible_order(&caller, id).await?;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListOrderHistory",
            &[&id.to_string()],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

        let rows = store::history::after(&self.db.read(), id, after, page.limit()).await?;

        let is_staff = matches!(caller, Caller::Staff(_));
        let (changes, next_page_token) = page.close(
            &rows,
            |row| vec![row.version.into()],
            |row| convert::change(row, order.currency, is_staff),
        );
        Ok(pb::ListOrderHistoryResponse { changes, next_page_token })
    }
}
