//! UpdateVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn an_update_changes_title_and_attributes_and_keeps_prices(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let request = pb::UpdateVariantRequest {
            request_id: request_id(),
            variant_id: variant.variant_id.clone(),
            etag: variant.etag.clone(),
            update_mask: mask(&["title", "attributes"]),
            title: "small".into(),
            attributes: [("size".to_owned(), "60x90".to_owned())].into(),
        };
        let changed = catalog.staff.clone().update_variant(request.clone()).await.unwrap().into_inner();
        let again = catalog.staff.clone().update_variant(request.clone()).await.unwrap().into_inner();
        assert_eq!(changed, again);
        let changed = changed.variant.unwrap();
        assert_eq!((changed.title.as_str(), changed.default_prices), ("small", vec![price]));

        let late = pb::UpdateVariantRequest { request_id: request_id(), title: "tiny".into(), ..request };
        let answer = catalog.staff.clone().update_variant(late.clone()).await;
        refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        let missing = pb::UpdateVariantRequest { variant_id: unknown("variant"), ..late };
        let answer = catalog.staff.clone().update_variant(missing).await;
        refused(answer, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        catalog.finish().await;
    }
}
