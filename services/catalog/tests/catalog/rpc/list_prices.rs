//! ListPrices.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

fn at(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

fn of_sku(sku: &str) -> pb::ListPricesRequest {
    pb::ListPricesRequest {
        variant: Some(pb::list_prices_request::Variant::Sku(sku.into())),
        ..Default::default()
    }
}

on_each_engine! {
    async fn the_history_comes_latest_first_a_page_at_a_time(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        let variant = catalog.variant(&product, "RUG-1").await;
        for (minor, seconds) in [(300, 3_000), (100, 1_000), (250, 2_000), (200, 2_000)] {
            let price = pb::Price { effective_time: at(seconds), ..new_price(&variant, "GBP", minor) };
            catalog.staff.clone().create_price(create_price(price)).await.unwrap();
        }
        catalog.price(&variant, "EUR", 400).await;

        let mut request = pb::ListPricesRequest { page_size: 2, ..of_sku("RUG-1") };
        let mut found = vec![];
        loop {
            let page = catalog.staff.clone().list_prices(request.clone()).await.unwrap().into_inner();
            found.extend(page.prices);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        let amounts: Vec<i64> = found.iter().map(|price| price.unit_price.as_ref().unwrap().minor_units).collect();
        assert_eq!((amounts[0], amounts[1], amounts[4]), (400, 300, 100));
        assert_eq!(found[2].effective_time, at(2_000));
        assert_eq!(found, catalog.prices("RUG-1").await);
        assert!(found.iter().all(|price| price.create_time.as_ref().is_some_and(|time| time.seconds > 1_600_000_000)));
        catalog.finish().await;
    }

    async fn filters_narrow_the_history_and_tokens_are_bound_to_them(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, first) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let second = catalog.price(&variant, "GBP", 450).await;
        let euros = catalog.price(&variant, "EUR", 600).await;
        catalog.archive(&second).await;
        let list = async |request| catalog.staff.clone().list_prices(request).await;

        let in_euros = pb::ListPricesRequest { currency_code: "EUR".into(), ..of_sku("RUG-1") };
        assert_eq!(list(in_euros.clone()).await.unwrap().into_inner().prices, [euros]);
        let sold = pb::ListPricesRequest { currency_code: "GBP".into(), ..of_sku("RUG-1") };
        let prices = list(sold.clone()).await.unwrap().into_inner().prices;
        assert_eq!(prices, std::slice::from_ref(&first));
        let of_b2b = pb::Price { channel: "b2b".into(), ..new_price(&variant, "GBP", 400) };
        let of_b2b = catalog.staff.clone().create_price(create_price(of_b2b)).await.unwrap();
        let of_b2b = of_b2b.into_inner().price.unwrap();
        for (channel, expected) in
            [("", vec![of_b2b.clone(), first.clone()]), ("b2b", vec![of_b2b, first.clone()]), ("web", vec![first])]
        {
            let request = pb::ListPricesRequest { channel: channel.into(), ..sold.clone() };
            assert_eq!(list(request).await.unwrap().into_inner().prices, expected, "{channel}");
        }

        let page = pb::ListPricesRequest { page_size: 1, ..of_sku("RUG-1") };
        let page_token = list(page.clone()).await.unwrap().into_inner().next_page_token;
        let by_id = Some(pb::list_prices_request::Variant::VariantId(variant.variant_id));
        let next = pb::ListPricesRequest { page_token: page_token.clone(), variant: by_id, ..page };
        assert_eq!(list(next).await.unwrap().into_inner().prices.len(), 1);
        let other = pb::ListPricesRequest { page_token, ..in_euros };
        refused(list(other).await, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        refused(list(of_sku("nothing")).await, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        for code in ["XXX", "XTS", "ZZZ"] {
            let unknown = pb::ListPricesRequest { currency_code: code.into(), ..of_sku("RUG-1") };
            let status = refused(list(unknown).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            let violation = &souk_testkit::field_violations(&status)[0];
            assert_eq!(violation.field, "currency_code");
            assert_eq!(violation.description, format!("must be an ISO 4217 currency such as GBP, not {code}"));
        }
        catalog.finish().await;
    }

    async fn shoppers_list_public_prices_that_are_in_use(engine: Engine) {
        use pb::PriceAudience::{Public, Restricted};
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, default) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let restricted = catalog.price_for(Restricted, &variant, 300).await;
        let old = catalog.price_for(Public, &variant, 400).await;
        let old = catalog.archive(&old).await;
        let public = catalog.price_for(Public, &variant, 450).await;
        let euros = catalog.price(&variant, "EUR", 600).await;

        let all = of_sku("RUG-1");
        let in_pounds = pb::ListPricesRequest { currency_code: "GBP".into(), ..of_sku("RUG-1") };
        for caller in shoppers() {
            let client = catalog.client(&caller);
            for show_archived in [false, true] {
                let list = async |request: &pb::ListPricesRequest| {
                    let request = pb::ListPricesRequest { show_archived, ..request.clone() };
                    client.clone().list_prices(request).await.unwrap().into_inner().prices
                };
                assert_eq!(list(&all).await, [euros.clone(), public.clone(), default.clone()]);
                assert_eq!(list(&in_pounds).await, [public.clone(), default.clone()]);
            }
        }
        for caller in insiders() {
            let client = catalog.client(&caller);
            let in_use = [public.clone(), restricted.clone(), default.clone()];
            let every = [public.clone(), old.clone(), restricted.clone(), default.clone()];
            let found = client.clone().list_prices(in_pounds.clone()).await.unwrap();
            assert_eq!(found.into_inner().prices, in_use);
            let with_archived = pb::ListPricesRequest { show_archived: true, ..in_pounds.clone() };
            let found = client.clone().list_prices(with_archived).await.unwrap();
            assert_eq!(found.into_inner().prices, every);
        }

        // A page of a shopper is full of what it may see, and its token goes on from there.
        let mut request = pb::ListPricesRequest { page_size: 1, ..all };
        let mut found = vec![];
        loop {
            let page = catalog.public.clone().list_prices(request.clone()).await.unwrap().into_inner();
            assert_eq!(page.prices.len(), 1);
            found.extend(page.prices);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, [euros, public, default]);
        catalog.finish().await;
    }
}
