//! BatchGetVariants.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn variants_come_in_the_order_asked_and_unknown_ones_are_named(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        catalog.on_sale("Rug", "B", 500).await;
        catalog.on_sale("Tea", "A", 300).await;
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        catalog.variant(&draft, "S").await;

        let request = pb::BatchGetVariantsRequest { skus: ["S", "B", "nothing", "A", "B", "nothing"].map(String::from).into() };
        let answer = catalog.public.clone().batch_get_variants(request.clone()).await.unwrap().into_inner();
        let skus: Vec<&str> = answer.variants.iter().map(|variant| &*variant.sku).collect();
        assert_eq!(skus, ["B", "A", "B"]);
        assert_eq!(answer.missing_skus, ["S", "nothing"]);
        assert_eq!(answer.variants[1].default_prices[0].unit_price, money("GBP", 300));
        let answer = catalog.staff.clone().batch_get_variants(request).await.unwrap().into_inner();
        assert_eq!((answer.variants.len(), answer.missing_skus), (4, vec!["nothing".to_owned()]));
        catalog.finish().await;
    }
}
