//! BatchGetProducts.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn products_come_in_the_order_asked_and_what_is_not_there_is_named(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let rug = catalog.product("Rug").await;
        let tea = catalog.product_in("Tea", pb::ProductState::Archived).await;
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        let ids = [&draft.product_id, &rug.product_id, &unknown("product"), &tea.product_id, &rug.product_id];
        let request = pb::BatchGetProductsRequest { product_ids: ids.map(Clone::clone).into() };

        let answer = catalog.public.clone().batch_get_products(request.clone()).await.unwrap().into_inner();
        assert_eq!(answer.products, [rug.clone(), tea.clone(), rug.clone()]);
        assert_eq!(answer.missing_product_ids, [draft.product_id.clone(), unknown("product")]);
        let answer = catalog.staff.clone().batch_get_products(request).await.unwrap().into_inner();
        assert_eq!(answer.products, [draft, rug.clone(), tea, rug]);
        assert_eq!(answer.missing_product_ids, [unknown("product")]);
        for ids in [vec![], vec!["rug".to_owned()]] {
            let request = pb::BatchGetProductsRequest { product_ids: ids };
            let answer = catalog.public.clone().batch_get_products(request).await;
            refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        }
        catalog.finish().await;
    }
}
