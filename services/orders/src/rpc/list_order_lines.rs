//! ListOrderLines: all lines of one order by number, a page at a time.

use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use tonic::Request;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;

pub async fn handle(
    rpc: &OrderRpc,
    request: Request<pb::ListOrderLinesRequest>,
) -> Result<pb::ListOrderLinesResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let id = convert::order_id(&request.order_id)?;
    let order = rpc.visible_order(&caller, id).await?;
    let list = convert::PagedLines::new(rpc.store.tokens(), &caller, id);
    let (after, size) = list.page(request.page_size, &request.page_token)?;

    let (lines, has_more) = rpc.store.lines(&order, after, size).await?;

    let mut lines: Vec<pb::OrderLine> = lines.iter().map(pb::OrderLine::from).collect();
    let has_more = souk_data::page::fit(&mut lines) || has_more;
    let next_page_token = match lines.last() {
        Some(last) if has_more => list.next_token(last.line_number.into()),
        _ => String::new(),
    };
    Ok(pb::ListOrderLinesResponse { lines, next_page_token })
}
