//! CreateVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_variant_belongs_to_its_product_and_keeps_its_attributes(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        let attributes = [("size".to_owned(), "200x300".to_owned())];
        let request = create_variant(pb::Variant {
            title: "large".into(),
            attributes: attributes.into(),
            metadata: [("erp".to_owned(), "1".to_owned())].into(),
            state: pb::VariantState::Archived.into(),
            ..new_variant(&product, "RUG-L")
        });
        let made = catalog.staff.clone().create_variant(request.clone()).await.unwrap().into_inner();
        let again = catalog.staff.clone().create_variant(request).await.unwrap().into_inner();
        assert_eq!(made, again);
        let made = made.variant.unwrap();
        assert_eq!((made.product_id.as_str(), made.attributes["size"].as_str()), (&*product.product_id, "200x300"));
        assert_eq!((made.state(), made.metadata.len()), (pb::VariantState::Active, 1));
        for (bad, field) in [
            (new_variant(&product, ""), "variant.sku"),
            (new_variant(&product, " RUG"), "variant.sku"),
            (new_variant(&product, "RUG "), "variant.sku"),
            (pb::Variant { product_id: String::new(), ..new_variant(&product, "RUG-M") }, "variant.product_id"),
        ] {
            let answer = catalog.staff.clone().create_variant(create_variant(bad)).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(souk_testkit::field_violations(&status)[0].field, field);
        }
        catalog.finish().await;
    }

    async fn a_taken_sku_is_refused_and_letter_case_counts(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let rug = catalog.product("Rug").await;
        let tea = catalog.product("Tea").await;
        catalog.variant(&rug, "X-1").await;
        let taken = catalog.staff.clone().create_variant(create_variant(new_variant(&tea, "X-1"))).await;
        let status = refused(taken, Code::AlreadyExists, "ERROR_REASON_SKU_EXISTS");
        assert_eq!(souk_testkit::metadata_of(&status)["sku"], "X-1");
        catalog.variant(&tea, "x-1").await;
        let missing = pb::Product { product_id: unknown("product"), ..rug };
        let answer = catalog.staff.clone().create_variant(create_variant(new_variant(&missing, "X-2"))).await;
        refused(answer, Code::NotFound, "ERROR_REASON_PRODUCT_NOT_FOUND");
        catalog.finish().await;
    }
}
