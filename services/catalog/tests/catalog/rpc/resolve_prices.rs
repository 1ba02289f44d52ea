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
        let request = create_variant(pb::Variant { title: "1 kg".into(), ..new_variant(&product, "TEA-2") });
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
        assert_eq!((&found[0].product_id, &found[1].product_id), (&product.product_id, &rug.product_id));

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
        let as_staff = vec![by_sku("SECRET")];
        let answer = resolve_as(&catalog.staff, as_staff, "GBP").await;
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

    async fn a_channel_has_its_own_price_or_else_the_one_for_all(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, rug, for_all) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let create = async |channel: &str, minor| {
            let price = pb::Price { channel: channel.into(), ..new_price(&rug, "GBP", minor) };
            catalog.staff.clone().create_price(create_price(price)).await.unwrap().into_inner().price.unwrap()
        };
        let of_b2b = create("b2b", 400).await;
        let of_default = create("default", 450).await;
        for (channel, price) in
            [("b2b", &of_b2b), ("default", &of_default), ("", &of_default), ("pos", &for_all)]
        {
            let found = resolve_for(&catalog.public, vec![by_sku("RUG-1")], "GBP", channel).await.unwrap();
            assert_eq!((&found[0].price_id, &found[0].channel), (&price.price_id, &price.channel), "{channel}");
            assert!(found[0].is_default);
            let by_id = vec![by_price(&for_all.price_id)];
            let found = resolve_for(&catalog.public, by_id, "GBP", channel).await.unwrap();
            assert_eq!((found[0].unit_price.clone(), found[0].is_default), (money("GBP", 500), true));
        }
        let of_another = resolve_for(&catalog.public, vec![by_price(&of_b2b.price_id)], "GBP", "pos").await;
        let status = refused(of_another, Code::FailedPrecondition, "ERROR_REASON_CHANNEL_MISMATCH");
        let facts = souk_testkit::metadata_of(&status);
        assert_eq!((facts["channel"].as_str(), &facts["price_id"]), ("b2b", &of_b2b.price_id));

        // Without a price for all, other channels have none.
        catalog.clear_default(&rug, "GBP", "").await.unwrap();
        let none = resolve_for(&catalog.public, vec![by_sku("RUG-1")], "GBP", "pos").await;
        let status = refused(none, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        assert_eq!(souk_testkit::metadata_of(&status)["channel"], "pos");
        assert!(resolve_for(&catalog.public, vec![by_sku("RUG-1")], "GBP", "b2b").await.is_ok());
        catalog.finish().await;
    }

    async fn a_variant_is_sold_while_it_is_active_only(engine: Engine) {
        use pb::VariantState::{Active, Archived, Disabled};
        let catalog = TestCatalog::start(engine).await;
        let (product, rug, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        for (state, name) in [(Disabled, "DISABLED"), (Archived, "ARCHIVED")] {
            catalog.set_variant(&rug, state).await.unwrap();
            for item in [by_sku("RUG-1"), by_price(&price.price_id)] {
                let answer = catalog.resolve(vec![item], "GBP").await;
                let status =
                    refused(answer, Code::FailedPrecondition, "ERROR_REASON_VARIANT_NOT_FOR_SALE");
                let facts = souk_testkit::metadata_of(&status);
                assert_eq!((facts["sku"].as_str(), facts["state"].as_str()), ("RUG-1", name));
            }
        }
        catalog.set_variant(&rug, Active).await.unwrap();
        assert!(catalog.resolve(vec![by_sku("RUG-1")], "GBP").await.is_ok());
        catalog.set_variant(&rug, Disabled).await.unwrap();
        catalog.archive_product(&product).await.unwrap();
        let answer = catalog.resolve(vec![by_sku("RUG-1")], "GBP").await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRODUCT_NOT_FOR_SALE");
        catalog.finish().await;
    }
}
