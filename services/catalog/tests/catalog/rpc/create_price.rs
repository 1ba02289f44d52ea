//! CreatePrice.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn the_first_price_of_a_currency_is_its_default_until_another_is_set(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, first) = catalog.on_sale("Rug", "RUG-1", 500).await;
        assert!(first.is_default);
        assert!(!catalog.price(&variant, "GBP", 450).await.is_default);
        assert!(catalog.price(&variant, "EUR", 600).await.is_default);

        let set = pb::Price { is_default: true, ..new_price(&variant, "GBP", 400) };
        let third = catalog.staff.clone().create_price(create_price(set)).await.unwrap().into_inner().price.unwrap();
        assert!(third.is_default);
        let resolved = catalog.resolve(vec![by_sku("RUG-1")], "GBP").await.unwrap();
        assert_eq!(resolved[0].price_id, third.price_id);
        catalog.finish().await;
    }

    async fn only_a_default_is_public_unless_the_caller_says_so(engine: Engine) {
        use pb::PriceAudience::{Public, Restricted};
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        let variant = catalog.variant(&product, "RUG-1").await;
        let told = |price: &pb::Price| (price.audience(), price.is_default);

        // The first price is no default when it is restricted; the next one is.
        assert_eq!(told(&catalog.price_for(Restricted, &variant, 300).await), (Restricted, false));
        let no_default = catalog.resolve(vec![by_sku("RUG-1")], "GBP").await;
        refused(no_default, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        assert_eq!(told(&catalog.price(&variant, "GBP", 500).await), (Public, true));
        assert_eq!(told(&catalog.price(&variant, "GBP", 450).await), (Restricted, false));
        assert_eq!(told(&catalog.price_for(Public, &variant, 440).await), (Public, false));
        let set = pb::Price { is_default: true, ..new_price(&variant, "GBP", 430) };
        let set = catalog.staff.clone().create_price(create_price(set)).await.unwrap().into_inner().price.unwrap();
        assert_eq!(told(&set), (Public, true));
        assert_eq!(catalog.prices("RUG-1").await.len(), 5);

        let both = pb::Price {
            is_default: true,
            audience: Restricted.into(),
            ..new_price(&variant, "GBP", 1)
        };
        let other = pb::Price { audience: 3, ..new_price(&variant, "GBP", 1) };
        for (bad, field) in [(both, "price.is_default"), (other, "price.audience")] {
            let answer = catalog.staff.clone().create_price(create_price(bad)).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(souk_testkit::field_violations(&status)[0].field, field);
        }
        catalog.finish().await;
    }

    async fn a_chosen_id_is_kept_and_cannot_be_taken_twice(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let request = create_price(pb::Price { price_id: unknown("price"), ..new_price(&variant, "GBP", 1) });
        let made = catalog.staff.clone().create_price(request.clone()).await.unwrap().into_inner();
        assert_eq!(made.price.as_ref().unwrap().price_id, unknown("price"));
        let again = catalog.staff.clone().create_price(request.clone()).await.unwrap().into_inner();
        assert_eq!(made, again);
        let other = pb::CreatePriceRequest { request_id: request_id(), ..request };
        let answer = catalog.staff.clone().create_price(other).await;
        refused(answer, Code::AlreadyExists, "ERROR_REASON_PRICE_EXISTS");
        catalog.finish().await;
    }

    async fn amounts_and_times_that_cannot_be_are_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let create = async |request| catalog.staff.clone().create_price(create_price(request)).await;
        for minor in [-1, 1_000_000_000_001, i64::MIN, i64::MAX] {
            let answer = create(new_price(&variant, "GBP", minor)).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(souk_testkit::field_violations(&status)[0].field, "price.unit_price");
        }
        for code in ["XXX", "XTS", "ZZZ"] {
            let status = refused(create(new_price(&variant, code, 1)).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            let violation = &souk_testkit::field_violations(&status)[0];
            assert_eq!(violation.field, "price.unit_price");
            assert_eq!(violation.description, format!("must be an ISO 4217 currency such as GBP, not {code}"));
        }
        for minor in [0, 1_000_000_000_000] {
            assert!(create(new_price(&variant, "GBP", minor)).await.is_ok());
        }
        let future = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
        let late = pb::Price { effective_time: future, ..new_price(&variant, "GBP", 1) };
        let status = refused(create(late).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "price.effective_time");
        for bad in [
            new_price(&variant, "gbp", 1),
            pb::Price { unit_price: None, ..new_price(&variant, "GBP", 1) },
            pb::Price { price_id: "price_x".into(), ..new_price(&variant, "GBP", 1) },
            pb::Price { variant_id: String::new(), ..new_price(&variant, "GBP", 1) },
            pb::Price { channel: "No spaces".into(), ..new_price(&variant, "GBP", 1) },
        ] {
            refused(create(bad).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        }
        let missing = pb::Variant { variant_id: unknown("variant"), ..variant };
        refused(create(new_price(&missing, "GBP", 1)).await, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        catalog.finish().await;
    }

    async fn each_channel_has_its_own_default_and_metadata_is_kept(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, for_all) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let create = async |price| {
            catalog.staff.clone().create_price(create_price(price)).await.unwrap().into_inner().price.unwrap()
        };
        let metadata = std::collections::BTreeMap::from([("erp".to_owned(), "4711".to_owned())]);
        let of_b2b = pb::Price {
            channel: "b2b".into(),
            metadata: metadata.clone(),
            // What only the service sets is not taken from the caller.
            sku: "OTHER".into(),
            archive_time: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
            ..new_price(&variant, "GBP", 400)
        };
        let of_b2b = create(of_b2b).await;
        assert_eq!((of_b2b.channel.as_str(), of_b2b.is_default, &of_b2b.metadata), ("b2b", true, &metadata));
        assert_eq!((of_b2b.sku.as_str(), &of_b2b.archive_time), ("RUG-1", &None));
        let other = create(pb::Price { channel: "b2b".into(), ..new_price(&variant, "GBP", 390) }).await;
        assert!(!other.is_default);

        let request = pb::GetPriceRequest { price_id: of_b2b.price_id.clone() };
        let read = catalog.staff.clone().get_price(request).await.unwrap().into_inner().price;
        assert_eq!(read, Some(of_b2b));
        let read = catalog.variant_of("RUG-1").await;
        assert_eq!(read.default_prices, [for_all]);
        catalog.finish().await;
    }
}
