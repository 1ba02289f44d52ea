//! ListOrderLines: all lines of one order by number, a page at a time.

use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::ListOrderLines;
use souk_contract::{Call, Handle};

use super::OrderRpc;
use crate::convert;
use crate::error::Error;

impl Handle<ListOrderLines> for OrderRpc {
    async fn handle(&self, call: Call<pb::ListOrderLinesRequest>) -> Result<pb::ListOrderLinesResponse, Error> {
        let caller = call.caller;
        let request = call.request;
        let id = request.order_id()?;
        let order = self.visible_order(&caller, id).await?;
        let list = convert::PagedLines::new(self.store.tokens(), &caller, id);
        let (after, size) = list.page(request.page_size, &request.page_token)?;

        let (lines, has_more) = self.store.lines(&order, after, size).await?;

        let mut lines: Vec<pb::OrderLine> = lines.iter().map(pb::OrderLine::from).collect();
        let has_more = souk_data::page::fit(&mut lines) || has_more;
        let next_page_token = match lines.last() {
            Some(last) if has_more => list.next_token(last.line_number.into()),
            _ => String::new(),
        };
        Ok(pb::ListOrderLinesResponse { lines, next_page_token })
    }
}
