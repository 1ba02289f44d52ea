//! ListLocations: all places that hold stock, by id, a page at a time.

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
    request: Request<pb::ListLocationsRequest>,
) -> Result<pb::ListLocationsResponse, Error> {
    let caller = Caller::of(&request);
    let request = request.into_inner();
    let page = Page::open(&rpc.db, &caller.key(), "ListLocations", &[], request.page_size, &request.page_token)?;
    let after = page.after.as_ref().map_or(Ok(String::new()), |cursor| cursor.get(0))?;

    let locations = store::location::list(&rpc.db.read(), &after, page.limit()).await?;

    let (locations, next_page_token) =
        page.close(&locations, |location| vec![location.id.to_arg()], |location| pb::Location::from(location.clone()));
    Ok(pb::ListLocationsResponse { locations, next_page_token })
}
