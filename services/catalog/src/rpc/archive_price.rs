//! ArchivePrice: takes a price out of use; it stays readable.

use souk_client::catalog::v1 as pb;
use souk_client::catalog::v1::catalog_service::ArchivePrice;
use souk_contract::{Call, Handle};

use super::CatalogRpc;
use crate::convert;
use crate::error::Error;
use crate::events::{self, Event};
use crate::store::prices;

impl Handle<ArchivePrice> for CatalogRpc {
    async fn handle(&self, call: Call<pb::ArchivePriceRequest>) -> Result<pb::ArchivePriceResponse, Error> {
        let (mut request, now) = (call.request, self.clock.now());
        let request_id = std::mem::take(&mut request.request_id);
        let key = convert::request_key(&call.caller, "ArchivePrice", request_id, &request);
        let id = request.price_id()?;

        self.db
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
}
