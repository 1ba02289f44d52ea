//! ArchivePrice: takes a price out of use; it stays readable.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use tonic::Request;

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::prices;

pub async fn handle(
    rpc: &CatalogRpc,
    request: Request<pb::ArchivePriceRequest>,
) -> Result<pb::ArchivePriceResponse, Error> {
    let (caller, now) = (Caller::of(&request), rpc.clock.now());
    let mut request = request.into_inner();
    let request_id = std::mem::take(&mut request.request_id);
    let key = convert::request_key(&caller, "ArchivePrice", request_id, &request);
    let id = convert::price_id(&request.price_id)?;

    rpc.db
        .write_once(key, move |tx| async move {
            let before = prices::find(&tx, id).await?;
            let was_archived = before.archive_time.is_some();
            let price = before.archive(now)?;
            if !was_archived {
                prices::archive(&tx, &price).await?;
                events::append(&tx, Event::PriceArchived(&price), now).await?;
            }
            Ok(pb::ArchivePriceResponse { price: Some((&price).into()) })
        })
        .await
}
