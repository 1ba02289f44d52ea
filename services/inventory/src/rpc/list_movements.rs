//! ListMovements: what happened to the stock, in the order it was recorded, of one sku or of all.

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_data::ToArg;
use souk_data::page::Page;
use tonic::Request;

use super::InventoryRpc;
use crate::error::Error;
use crate::store;

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::ListMovementsRequest>,
) -> Result<pb::ListMovementsResponse, Error> {
    let caller = Caller::of(&request);
    let pb::ListMovementsRequest { page_size, page_token, sku } = request.into_inner();
    let page = Page::open(&rpc.db, &caller.key(), "ListMovements", &[&sku], page_size, &page_token)?;
    let after = page.after.as_ref().map_or(Ok(0), |cursor| cursor.get(0))?;

    let recorded = store::movement::list(&rpc.db.read(), &sku, after, page.limit()).await?;

    let (movements, next_page_token) = page.close(
        &recorded,
        |recorded| vec![recorded.number.to_arg()],
        |recorded| pb::Movement::from(recorded.movement.clone()),
    );
    Ok(pb::ListMovementsResponse { movements, next_page_token })
}
