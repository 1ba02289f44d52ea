//! GetPrice.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_price_is_read_back_also_when_it_is_archived(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let price = catalog.price(&variant, "GBP", 450).await;
        let get = async |id: &str| {
            let request = pb::GetPriceRequest { price_id: id.into() };
            catalog.public.clone().get_price(request).await.map(|answer| answer.into_inner().price.unwrap())
        };
        assert_eq!(get(&price.price_id).await.unwrap(), price);
        let request = pb::ArchivePriceRequest { request_id: request_id(), price_id: price.price_id.clone() };
        catalog.staff.clone().archive_price(request).await.unwrap();
        assert!(get(&price.price_id).await.unwrap().archive_time.is_some());
        refused(get(&unknown("price")).await, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        catalog.finish().await;
    }
}
