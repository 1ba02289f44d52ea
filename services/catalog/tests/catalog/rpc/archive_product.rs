//! ArchiveProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_product_is_archived_from_every_state_and_stays_readable(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (active, _, _) = catalog.on_sale("Tea", "TEA-1", 300).await;
        let draft = catalog.product_in("Rug", pb::ProductState::Draft).await;
        for product in [&active, &draft] {
            let archived = catalog.archive_product(product).await.unwrap();
            assert_eq!(archived.state(), pb::ProductState::Archived);
            let events = catalog.events().await;
            assert_eq!(catalog.archive_product(product).await.unwrap(), archived);
            assert_eq!(catalog.events().await, events);
            let request = pb::GetProductRequest { product_id: product.product_id.clone() };
            assert!(catalog.public.clone().get_product(request).await.is_ok());
        }
        let answer = catalog.resolve(vec![by_sku("TEA-1")], "GBP").await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRODUCT_NOT_FOR_SALE");
        let missing = pb::Product { product_id: unknown("product"), ..draft };
        let answer = catalog.archive_product(&missing).await;
        refused(answer, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        catalog.finish().await;
    }
}
