//! ClearDefaultPrice.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_currency_is_closed_and_opened_again(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, pounds) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let euros = catalog.price(&variant, "EUR", 600).await;
        let left = catalog.clear_default(&variant, "EUR", "").await.unwrap();
        assert_eq!(left.default_prices, std::slice::from_ref(&pounds));
        let events = catalog.events().await;
        assert_eq!(catalog.clear_default(&variant, "EUR", "").await.unwrap(), left);
        assert_eq!(catalog.events().await, events);

        // The price was on offer only while it was the default.
        for item in [by_sku("RUG-1"), by_price(&euros.price_id)] {
            let answer = catalog.resolve(vec![item], "EUR").await;
            refused(answer, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        }
        assert!(catalog.resolve(vec![by_sku("RUG-1")], "GBP").await.is_ok());
        catalog.archive(&euros).await;

        let again = catalog.price(&variant, "EUR", 650).await;
        assert!(again.is_default);
        assert_eq!(catalog.variant_of("RUG-1").await.default_prices, [again, pounds]);

        let missing = pb::Variant { variant_id: unknown("variant"), ..variant.clone() };
        let answer = catalog.clear_default(&missing, "EUR", "").await;
        refused(answer, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        let answer = catalog.clear_default(&variant, "XXX", "").await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "currency_code");
        catalog.finish().await;
    }

    async fn one_channel_is_cleared_and_the_others_stay(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, for_all) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let of_b2b = pb::Price { channel: "b2b".into(), ..new_price(&variant, "GBP", 400) };
        catalog.staff.clone().create_price(create_price(of_b2b)).await.unwrap();
        catalog.clear_default(&variant, "GBP", "b2b").await.unwrap();
        let found = resolve_for(&catalog.public, vec![by_sku("RUG-1")], "GBP", "b2b").await.unwrap();
        assert_eq!(found[0].price_id, for_all.price_id);
        catalog.finish().await;
    }
}
