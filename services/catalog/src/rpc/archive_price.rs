//! ArchivePrice: archives a price; it stays readable.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ArchivePrice;
use souk_contract::{Call, Handle};
use souk_data::Isolation::Serializable;
use souk_data::{RequestKey, Tx};
use souk_types::{PriceId, Timestamp};

use super::CatalogRpc;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::prices;

impl Handle<ArchivePrice> for CatalogRpc {
    async fn handle(
        &self,
        mut call: Call<pb::ArchivePriceRequest>,
    ) -> Result<pb::ArchivePriceResponse, Error> {
        let once = RequestKey::of::<ArchivePrice>(&mut call);
        let id = call.request.price_id()?;
        let wanted = (id, call.caller.key(), self.clock.now());
        self.db.write_once(once, Serializable, wanted, archive).await
    }
}

async fn archive(
    tx: &Tx,
    &(id, ref actor, now): &(PriceId, String, Timestamp),
) -> Result<pb::ArchivePriceResponse, Error> {
    let before = prices::find(tx, id).await?;
    let was_archived = before.archive_time.is_some();

    let price = before.archive(now)?;

    if !was_archived {
        prices::archive(tx, &price).await?;
        events::append(tx, Event::PriceArchived(&price), actor, now).await?;
    }
    Ok(pb::ArchivePriceResponse { price: Some((&price).into()) })
}
