//! CreateLocation: opens a place that holds stock.

use souk_client::inventory::v1 as pb;
use tonic::Request;

use super::InventoryRpc;
use crate::error::Error;
use crate::store;
use crate::store::location::Location;

pub async fn handle(
    rpc: &InventoryRpc,
    request: Request<pb::CreateLocationRequest>,
) -> Result<pb::CreateLocationResponse, Error> {
    let pb::CreateLocationRequest { location_id: id, title } = request.into_inner();
    let wanted = Location { id, title, create_time: rpc.clock.now() };

    let location = rpc.db.write_locked(move |tx| {
        let wanted = wanted.clone();
        async move {
            let location = store::location::insert_or_get(&tx, &wanted).await?;
            if location.title != wanted.title {
                return Err(Error::LocationExists(wanted.id));
            }
            Ok(location)
        }
    });
    Ok(pb::CreateLocationResponse { location: Some(location.await?.into()) })
}
