//! GetPrice.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

async fn get(client: &Client, id: &str) -> Result<pb::Price, tonic::Status> {
    let request = pb::GetPriceRequest { price_id: id.into() };
    Ok(client.clone().get_price(request).await?.into_inner().price.unwrap())
}

on_each_engine! {
    async fn staff_and_services_read_every_price_also_when_it_is_archived(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, first) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let price = catalog.price(&variant, "GBP", 450).await;
        let before: Vec<pb::Price> = vec![first, price.clone()];
        let archived = catalog.archive(&price).await;
        assert!(archived.archive_time.is_some());
        for caller in insiders() {
            let client = catalog.client(&caller);
            assert_eq!(get(&client, &before[0].price_id).await.unwrap(), before[0]);
            assert_eq!(get(&client, &price.price_id).await.unwrap(), archived);
            let missing = get(&client, &unknown("price")).await;
            refused(missing, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
        }
        catalog.finish().await;
    }

    async fn shoppers_read_public_prices_that_are_in_use(engine: Engine) {
        use pb::PriceAudience::{Public, Restricted};
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, default) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let public = catalog.price_for(Public, &variant, 450).await;
        let restricted = catalog.price_for(Restricted, &variant, 300).await;
        let old = catalog.price_for(Public, &variant, 400).await;
        catalog.archive(&old).await;
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        let secret = catalog.variant(&draft, "SECRET").await;
        let secret = catalog.price(&secret, "GBP", 1).await;
        assert_eq!(secret.audience(), Public);
        for caller in shoppers() {
            let client = catalog.client(&caller);
            for price in [&default, &public] {
                assert_eq!(get(&client, &price.price_id).await.as_ref().unwrap(), price);
            }
            for hidden in [&restricted, &old, &secret] {
                let answer = get(&client, &hidden.price_id).await;
                refused(answer, Code::NotFound, "ERROR_REASON_PRICE_NOT_FOUND");
            }
        }
        catalog.finish().await;
    }
}
