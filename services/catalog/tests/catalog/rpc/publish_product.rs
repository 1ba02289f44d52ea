//! PublishProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_draft_becomes_active_once_and_everyone_sees_it(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let draft = catalog.product_in("Tea", pb::ProductState::Draft).await;
        let published = catalog.publish(&draft).await.unwrap();
        assert_eq!(published.state(), pb::ProductState::Active);
        assert_ne!(published.etag, draft.etag);
        let events = catalog.events().await;
        assert_eq!(catalog.publish(&draft).await.unwrap(), published);
        assert_eq!(catalog.events().await, events);
        let request = pb::GetProductRequest { product_id: draft.product_id.clone() };
        let read = catalog.public.clone().get_product(request).await.unwrap().into_inner();
        assert_eq!(read.product, Some(published));

        let archived = catalog.archive_product(&draft).await.unwrap();
        let status = refused(
            catalog.publish(&archived).await,
            Code::FailedPrecondition,
            "ERROR_REASON_PRODUCT_STATE",
        );
        let facts = souk_testkit::metadata_of(&status);
        assert_eq!((facts["state"].as_str(), facts["requested_state"].as_str()), ("ARCHIVED", "ACTIVE"));
        let missing = pb::Product { product_id: unknown("product"), ..draft };
        refused(catalog.publish(&missing).await, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        catalog.finish().await;
    }

    async fn only_the_version_that_was_reviewed_is_published(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let draft = catalog.product_in("Tea", pb::ProductState::Draft).await;
        let edited = pb::Product { title: "Coffee".into(), ..draft.clone() };
        let edited = catalog.update(update_product(edited, &["title"])).await.unwrap();
        let request = pb::PublishProductRequest {
            request_id: request_id(),
            product_id: draft.product_id.clone(),
            etag: draft.etag,
        };
        let answer = catalog.staff.clone().publish_product(request.clone()).await;
        refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        let request = pb::PublishProductRequest { request_id: request_id(), etag: edited.etag, ..request };
        let published = catalog.staff.clone().publish_product(request.clone()).await.unwrap();
        // A repeat returns the first response, whatever the etag is now.
        let again = catalog.staff.clone().publish_product(request.clone()).await.unwrap();
        assert_eq!(published.into_inner(), again.into_inner());
        let answer = catalog.client(&souk_chassis::Caller::user("eve")).publish_product(request).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        catalog.finish().await;
    }
}
