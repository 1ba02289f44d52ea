//! ResolvePrices.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn skus_and_prices_are_resolved_in_the_order_asked(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, rug, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let cheap = catalog.price_for(pb::PriceAudience::Public, &rug, 450).await;
        let (product, _, tea) = catalog.on_sale("Tea", "TEA-1", 300).await;
        let request = pb::CreateVariantRequest { title: "1 kg".into(), ..new_variant(&product, "TEA-2") };
        let large = catalog.staff.clone().create_variant(request).await.unwrap().into_inner().variant.unwrap();
        catalog.price(&large, "GBP", 900).await;
        catalog.price(&large, "EUR", 1000).await;

        let items =
            vec![by_sku("TEA-1"), by_price(&cheap.price_id), by_sku("RUG-1"), by_sku("TEA-1"), by_sku("TEA-2")];
        let found = catalog.resolve(items, "GBP").await.unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|price| (&*price.sku, &*price.title, price.unit_price.as_ref().unwrap().minor_units))
            .collect();
        let defaults: Vec<bool> = found.iter().map(|price| price.is_default).collect();
        assert_eq!(defaults, [true, false, true, true, true]);
        let expected = [
            ("TEA-1", "Tea", 300),
            ("RUG-1", "Rug", 450),
            ("RUG-1", "Rug", 500),
            ("TEA-1", "Tea", 300),
            ("TEA-2", "Tea, 1 kg", 900),
        ];
        assert_eq!(told, expected);
        assert_eq!((&found[0].price_id, &found[1].variant_id), (&tea.price_id, &rug.variant_id));

        let only_ids = catalog.resolve(vec![by_price(&cheap.price_id)], "GBP").await.unwrap();
        assert_eq!(only_ids[0], found[1]);
        let euros = catalog.resolve(vec![by_sku("TEA-2")], "EUR").await.unwrap();
        assert_eq!(euros[0].unit_price, money("EUR", 1000));
        catalog.finish().await;
    }

    async fn what_cannot_be_sold_is_refused_with_its_place_and_why(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, rug, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let euros = catalog.price(&rug, "EUR", 600).await;
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        let variant = catalog.variant(&draft, "SECRET").await;
        catalog.price(&variant, "GBP", 1).await;
        let old = catalog.product_in("Old", pb::ProductState::Archived).await;
        let variant = catalog.variant(&old, "OLD").await;
        catalog.price(&variant, "GBP", 1).await;

        for (item, field, code, reason) in [
            (by_sku("NONE"), "items[1].sku", Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND"),
            (by_sku("SECRET"), "items[1].sku", Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND"),
            (by_price(&unknown("price")), "items[1].price_id", Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND"),
            (by_price(&euros.price_id), "items[1].price_id", Code::FailedPrecondition, "ERROR_REASON_CURRENCY_MISMATCH"),
            (by_sku("OLD"), "items[1].sku", Code::FailedPrecondition, "ERROR_REASON_PRODUCT_NOT_FOR_SALE"),
        ] {
            let answer = catalog.resolve(vec![by_price(&price.price_id), item, by_sku("NONE")], "GBP").await;
            let status = refused(answer, code, reason);
            let metadata = souk_testkit::metadata_of(&status);
            assert_eq!((metadata["item_index"].as_str(), metadata["field"].as_str()), ("1", field));
            let fields: Vec<String> =
                souk_testkit::field_violations(&status).into_iter().map(|violation| violation.field).collect();
            assert_eq!(fields, [field, "items[2].sku"]);
        }
        // Archived is archived, also in a currency that it never had a price in.
        let archived = catalog.resolve(vec![by_sku("OLD")], "JPY").await;
        let status = refused(archived, Code::FailedPrecondition, "ERROR_REASON_PRODUCT_NOT_FOR_SALE");
        assert_eq!(status.message(), "items[0].sku: sku OLD is not for sale: its product is ARCHIVED");
        let no_price = catalog.resolve(vec![by_sku("RUG-1")], "JPY").await;
        refused(no_price, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        for code in ["XXX", "XTS", "ZZZ"] {
            let unknown = catalog.resolve(vec![by_sku("RUG-1")], code).await;
            let status = refused(unknown, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            let violation = &souk_testkit::field_violations(&status)[0];
            assert_eq!(violation.field, "currency_code");
            assert_eq!(violation.description, format!("must be an ISO 4217 currency such as GBP, not {code}"));
        }
        let as_staff = pb::ResolvePricesRequest { items: vec![by_sku("SECRET")], currency_code: "GBP".into() };
        let answer = catalog.staff.clone().resolve_prices(as_staff).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRODUCT_NOT_FOR_SALE");
        catalog.finish().await;
    }

    async fn shoppers_are_not_sold_at_restricted_or_archived_prices(engine: Engine) {
        use pb::PriceAudience::{Public, Restricted};
        let catalog = TestCatalog::start(engine).await;
        let (_, rug, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let restricted = catalog.price_for(Restricted, &rug, 300).await;
        let old = catalog.price_for(Public, &rug, 400).await;
        catalog.archive(&old).await;
        let old_restricted = catalog.price_for(Restricted, &rug, 200).await;
        catalog.archive(&old_restricted).await;
        let product = catalog.product_in("Old", pb::ProductState::Archived).await;
        let variant = catalog.variant(&product, "OLD").await;
        let of_old = catalog.price_for(Restricted, &variant, 100).await;

        for caller in shoppers() {
            let client = catalog.client(&caller);
            // Nothing tells a restricted price from one that does not exist.
            for hidden in [&restricted, &old_restricted, &of_old] {
                let answer = resolve_as(&client, vec![by_price(&hidden.price_id)], "GBP").await;
                let status = refused(answer, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
                let expected = format!("items[0].price_id: price {} does not exist", hidden.price_id);
                assert_eq!(status.message(), expected);
                let mut known = souk_testkit::metadata_of(&status).into_keys().collect::<Vec<_>>();
                known.sort();
                assert_eq!(known, ["currency_code", "field", "item_index", "price_id"]);
            }
            let answer = resolve_as(&client, vec![by_price(&old.price_id)], "GBP").await;
            refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRICE_ARCHIVED");
            let sold = resolve_as(&client, vec![by_sku("RUG-1")], "GBP").await.unwrap();
            assert_eq!(sold[0].audience(), Public);
        }
        for caller in insiders() {
            let client = catalog.client(&caller);
            let items = vec![by_price(&restricted.price_id), by_sku("RUG-1")];
            let sold = resolve_as(&client, items, "GBP").await.unwrap();
            assert_eq!((sold[0].audience(), sold[1].audience()), (Restricted, Public));
            assert_eq!(sold[0].unit_price, money("GBP", 300));
            for archived in [&old, &old_restricted] {
                let answer = resolve_as(&client, vec![by_price(&archived.price_id)], "GBP").await;
                refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRICE_ARCHIVED");
            }
        }
        catalog.finish().await;
    }

    async fn a_thousand_items_are_resolved_at_once_and_more_are_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let items = (0..1000).map(|number| crate::rpc::import_products::item(&format!("P{number}"), &[number])).collect();
        catalog.import(items).await.unwrap();
        let mut items: Vec<_> = (0..1000).map(|number| by_sku(&format!("P{number}"))).collect();
        let found = catalog.resolve(items.clone(), "GBP").await.unwrap();
        assert!(found.iter().enumerate().all(|(index, price)| price.sku == format!("P{index}")));
        items.push(by_sku("P1"));
        for bad in [items, vec![], vec![pb::ResolveItem { item: None }], vec![by_sku("")], vec![by_price("x")]] {
            let answer = catalog.resolve(bad, "GBP").await;
            refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        }
        catalog.finish().await;
    }
}
