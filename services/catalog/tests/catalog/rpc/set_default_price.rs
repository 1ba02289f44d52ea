//! SetDefaultPrice.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn another_price_becomes_the_default_of_its_currency_only(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, first) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let second = catalog.price_for(pb::PriceAudience::Public, &variant, 450).await;
        let euros = catalog.price(&variant, "EUR", 600).await;
        let events = catalog.events().await;

        let set = async |id: &str| {
            let request = pb::SetDefaultPriceRequest { request_id: request_id(), price_id: id.into() };
            catalog.staff.clone().set_default_price(request).await.map(|answer| answer.into_inner().price.unwrap())
        };
        assert!(set(&second.price_id).await.unwrap().is_default);
        assert!(set(&second.price_id).await.unwrap().is_default);
        assert_eq!(catalog.events().await, events + 1);
        let prices = catalog.prices("RUG-1").await;
        let is_default = |id: &str| prices.iter().find(|price| price.price_id == id).unwrap().is_default;
        assert!(!is_default(&first.price_id) && is_default(&second.price_id) && is_default(&euros.price_id));

        // A price that says nothing of its audience is on offer while it is the default.
        let audience = |id: &str| prices.iter().find(|price| price.price_id == id).unwrap().audience();
        assert_eq!(audience(&first.price_id), pb::PriceAudience::Restricted);
        assert_eq!(audience(&second.price_id), pb::PriceAudience::Public);
        assert_eq!(set(&first.price_id).await.unwrap().audience(), pb::PriceAudience::Public);
        assert!(set(&second.price_id).await.unwrap().is_default);
        let events = events + 2;
        refused(set(&unknown("price")).await, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");

        let restricted = catalog.price_for(pb::PriceAudience::Restricted, &variant, 400).await;
        let status = refused(
            set(&restricted.price_id).await,
            Code::FailedPrecondition,
            "ERROR_REASON_PRICE_RESTRICTED",
        );
        assert_eq!(souk_testkit::metadata_of(&status)["price_id"], restricted.price_id);
        assert_eq!(catalog.events().await, events + 2);
        catalog.finish().await;
    }
}
