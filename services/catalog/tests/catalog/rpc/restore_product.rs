//! RestoreProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn an_archived_product_is_sold_again_and_a_draft_cannot_be_restored(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (product, _, _) = catalog.on_sale("Tea", "TEA-1", 300).await;
        catalog.archive_product(&product).await.unwrap();
        let restored = catalog.restore(&product).await.unwrap();
        assert_eq!(restored.state(), pb::ProductState::Active);
        let events = catalog.events().await;
        assert_eq!(catalog.restore(&product).await.unwrap(), restored);
        assert_eq!(catalog.events().await, events);
        assert!(catalog.resolve(vec![by_sku("TEA-1")], "GBP").await.is_ok());

        let draft = catalog.product_in("Rug", pb::ProductState::Draft).await;
        let answer = catalog.restore(&draft).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRODUCT_STATE");
        catalog.finish().await;
    }
}
