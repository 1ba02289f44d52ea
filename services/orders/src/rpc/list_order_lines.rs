//! ListOrderLines: all lines of one order by number, a page at a time.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListOrderLines;
use souk_contract::{Call, Handle};
use souk_data::page::Page;

use super::OrderRpc;
use crate::error::Error;
use crate::store;

impl Handle<ListOrderLines> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::ListOrderLinesRequest>,
    ) -> Result<pb::ListOrderLinesResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let id = request.order_id()?;
        let order = self.visible_order(&caller, id).await?;
        let page = Page::open(
            &self.db,
            &caller.key(),
            "ListOrderLines",
            &[&id.to_string()],
            request.page_size,
            &request.page_token,
        )?;
        let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

        let lines = store::order_line::list(&self.db.read(), id, after, page.limit()).await?;

        let (lines, next_page_token) = page.close(
            &lines,
            |line| vec![line.line_number.into()],
            |line| pb::OrderLine::from(&line.clone().in_currency(order.currency)),
        );
        Ok(pb::ListOrderLinesResponse { lines, next_page_token })
    }
}
