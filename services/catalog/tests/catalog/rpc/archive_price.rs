//! ArchivePrice.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_price_is_archived_once_and_neither_sold_nor_made_a_default_again(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, first) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let second = catalog.price_for(pb::PriceAudience::Public, &variant, 450).await;
        let archive = async |id: &str| {
            let request = pb::ArchivePriceRequest { request_id: request_id(), price_id: id.into() };
            catalog.staff.clone().archive_price(request).await.map(|answer| answer.into_inner().price.unwrap())
        };
        refused(archive(&first.price_id).await, Code::FailedPrecondition, "ERROR_REASON_PRICE_IS_DEFAULT");
        let archived = archive(&second.price_id).await.unwrap();
        let events = catalog.events().await;
        assert_eq!(archive(&second.price_id).await.unwrap(), archived);
        assert_eq!(catalog.events().await, events);

        let request = pb::SetDefaultPriceRequest { request_id: request_id(), price_id: second.price_id.clone() };
        let answer = catalog.staff.clone().set_default_price(request).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRICE_ARCHIVED");
        let sold = catalog.resolve(vec![by_price(&second.price_id)], "GBP").await;
        refused(sold, Code::FailedPrecondition, "ERROR_REASON_PRICE_ARCHIVED");
        refused(archive(&unknown("price")).await, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        catalog.finish().await;
    }
}
