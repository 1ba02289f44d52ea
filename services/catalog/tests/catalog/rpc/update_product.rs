//! UpdateProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

fn to_title(product: &pb::Product, title: &str, etag: &str) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        request_id: request_id(),
        product_id: product.product_id.clone(),
        etag: etag.into(),
        update_mask: mask(&["title"]),
        title: title.into(),
        description: "not in the mask".into(),
        ..Default::default()
    }
}

fn to_state(product: &pb::Product, state: pb::ProductState) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        request_id: request_id(),
        product_id: product.product_id.clone(),
        update_mask: mask(&["state"]),
        state: state.into(),
        ..Default::default()
    }
}

on_each_engine! {
    async fn an_update_changes_what_its_mask_names(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Lamp").await;
        let changed = catalog.update(to_title(&product, "Lantern", &product.etag)).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.description.as_str()), ("Lantern", ""));
        assert_ne!(changed.etag, product.etag);
        assert_eq!(catalog.events().await, 2);
        catalog.finish().await;
    }

    async fn an_update_of_what_somebody_else_changed_is_aborted(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Lamp").await;
        let first = to_title(&product, "Lantern", &product.etag);
        let changed = catalog.update(first.clone()).await.unwrap();

        let late = catalog.update(to_title(&product, "Candle", &product.etag)).await;
        let status = refused(late, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        assert_eq!(souk_testkit::metadata_of(&status)["etag"], changed.etag);

        // A repeat is not a second update, so its old etag does not matter.
        assert_eq!(catalog.update(first).await.unwrap(), changed);
        let without = catalog.update(to_title(&product, "Candle", "")).await.unwrap();
        assert_eq!(without.title, "Candle");
        catalog.finish().await;
    }

    async fn a_product_goes_through_its_states_and_never_back_to_draft(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product_in("Tea", pb::ProductState::Draft).await;
        for state in [pb::ProductState::Active, pb::ProductState::Archived, pb::ProductState::Active] {
            assert_eq!(catalog.update(to_state(&product, state)).await.unwrap().state(), state);
        }
        let back = catalog.update(to_state(&product, pb::ProductState::Draft)).await;
        refused(back, Code::FailedPrecondition, "ERROR_REASON_PRODUCT_STATE");
        catalog.finish().await;
    }

    async fn what_cannot_be_an_update_is_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Lamp").await;
        let empty_mask = pb::UpdateProductRequest { update_mask: mask(&[]), ..to_title(&product, "Lantern", "") };
        refused(catalog.update(empty_mask).await, Code::InvalidArgument, "ERROR_REASON_UPDATE_MASK_EMPTY");
        let unspecified = to_state(&product, pb::ProductState::Unspecified);
        for bad in [
            to_title(&product, "", ""),
            unspecified,
            pb::UpdateProductRequest { update_mask: mask(&["product_id"]), ..to_title(&product, "x", "") },
            pb::UpdateProductRequest { update_mask: mask(&["title.length"]), ..to_title(&product, "x", "") },
            pb::UpdateProductRequest { update_mask: None, ..to_title(&product, "x", "") },
        ] {
            refused(catalog.update(bad).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        }
        let missing = pb::UpdateProductRequest { product_id: unknown("product"), ..to_title(&product, "x", "") };
        refused(catalog.update(missing).await, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        catalog.finish().await;
    }
}
