//! UpdateProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

fn to_title(product: &pb::Product, title: &str, etag: &str) -> pb::UpdateProductRequest {
    let product = pb::Product {
        product_id: product.product_id.clone(),
        etag: etag.into(),
        title: title.into(),
        description: "not in the mask".into(),
        ..Default::default()
    };
    update_product(product, &["title"])
}

on_each_engine! {
    async fn an_update_changes_what_its_mask_names(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Lamp").await;
        let changed = catalog.update(to_title(&product, "Lantern", &product.etag)).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.description.as_str()), ("Lantern", ""));
        assert_ne!(changed.etag, product.etag);
        // It was created, published and updated.
        assert_eq!(catalog.events().await, 3);
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

    async fn a_product_that_was_read_can_be_sent_back_with_a_star_as_mask(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (product, variant, _) = catalog.on_sale("Lamp", "LAMP", 500).await;
        let request = pb::GetProductRequest { product_id: product.product_id };
        let mut read = catalog.staff.clone().get_product(request.clone()).await.unwrap().into_inner().product.unwrap();
        read.labels = [("room".to_owned(), "hall".to_owned())].into();
        read.metadata = [("erp".to_owned(), "1".to_owned())].into();
        // None of these can be changed.
        read.state = pb::ProductState::Archived.into();
        read.external_key = "LAMP".into();
        read.create_time = None;
        read.variants[0].title = "large".into();
        let changed = catalog.update(update_product(read.clone(), &["*"])).await.unwrap();
        assert_eq!((&changed.labels, &changed.metadata), (&read.labels, &read.metadata));
        assert_eq!((changed.state(), changed.external_key.as_str()), (pb::ProductState::Active, ""));
        assert!(changed.create_time.is_some() && changed.variants.is_empty());
        let read = catalog.staff.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
        assert_eq!(read.variants[0].title, variant.title);
        assert_eq!(pb::Product { variants: vec![], ..read }, changed);
        catalog.finish().await;
    }

    async fn what_cannot_be_an_update_is_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Lamp").await;
        let empty_mask = pb::UpdateProductRequest { update_mask: mask(&[]), ..to_title(&product, "Lantern", "") };
        let status = refused(catalog.update(empty_mask).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "update_mask");
        for bad in [
            to_title(&product, "", ""),
            pb::UpdateProductRequest { product: None, ..to_title(&product, "x", "") },
            update_product(pb::Product { product_id: String::new(), ..product.clone() }, &["title"]),
            update_product(pb::Product { title: String::new(), ..product.clone() }, &["*"]),
            pb::UpdateProductRequest { update_mask: mask(&["state"]), ..to_title(&product, "x", "") },
            pb::UpdateProductRequest { update_mask: mask(&["product_id"]), ..to_title(&product, "x", "") },
            pb::UpdateProductRequest { update_mask: mask(&["title.length"]), ..to_title(&product, "x", "") },
            pb::UpdateProductRequest { update_mask: None, ..to_title(&product, "x", "") },
        ] {
            refused(catalog.update(bad).await, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        }
        let missing = pb::Product { product_id: unknown("product"), ..product };
        refused(catalog.update(to_title(&missing, "x", "")).await, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        catalog.finish().await;
    }
}
