//! GetProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_product_comes_with_its_variants_by_sku_and_their_default_prices(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        let large = catalog.variant(&product, "RUG-L").await;
        catalog.variant(&product, "RUG-A").await;
        catalog.price(&large, "GBP", 500).await;
        catalog.price(&large, "GBP", 450).await;
        catalog.price(&large, "EUR", 600).await;

        let request = pb::GetProductRequest { product_id: product.product_id.clone() };
        let answer = catalog.public.clone().get_product(request).await.unwrap().into_inner();
        let read = answer.product.unwrap();
        assert_eq!(pb::Product { variants: vec![], ..read.clone() }, product);
        let skus: Vec<&str> = read.variants.iter().map(|variant| &*variant.sku).collect();
        assert_eq!(skus, ["RUG-A", "RUG-L"]);
        let defaults: Vec<_> = read.variants[1].default_prices.iter().map(|price| price.unit_price.clone()).collect();
        assert_eq!(defaults, [money("EUR", 600), money("GBP", 500)]);
        assert!(read.variants[0].default_prices.is_empty());

        // An archived variant is left out, for everyone; a disabled one is not.
        catalog.set_variant(&large, pb::VariantState::Disabled).await.unwrap();
        catalog.set_variant(&read.variants[0], pb::VariantState::Archived).await.unwrap();
        for client in [&catalog.public, &catalog.staff] {
            let request = pb::GetProductRequest { product_id: read.product_id.clone() };
            let read = client.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
            let shown: Vec<_> = read.variants.iter().map(|variant| (&*variant.sku, variant.state())).collect();
            assert_eq!(shown, [("RUG-L", pb::VariantState::Disabled)]);
        }
        catalog.finish().await;
    }

    async fn a_draft_is_there_for_staff_and_services_only(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        let archived = catalog.product_in("Old", pb::ProductState::Archived).await;
        let request = pb::GetProductRequest { product_id: draft.product_id };
        for caller in [souk_chassis::Caller::Anonymous, souk_chassis::Caller::user("eve")] {
            let answer = catalog.client(&caller).get_product(request.clone()).await;
            refused(answer, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        }
        let mut orders = catalog.client(&souk_chassis::Caller::Service("orders".into()));
        assert!(orders.get_product(request.clone()).await.is_ok());
        let request = pb::GetProductRequest { product_id: archived.product_id };
        assert!(catalog.public.clone().get_product(request).await.is_ok());
        let request = pb::GetProductRequest { product_id: unknown("product") };
        refused(catalog.public.clone().get_product(request).await, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        catalog.finish().await;
    }
}
