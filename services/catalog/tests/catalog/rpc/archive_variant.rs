//! ArchiveVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn an_archived_variant_is_read_by_its_name_and_its_sku_stays_taken(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (product, variant, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let archived = catalog.set_variant(&variant, pb::VariantState::Archived).await.unwrap();
        assert_eq!(archived.state(), pb::VariantState::Archived);
        assert_eq!(catalog.variant_of("RUG-1").await, archived);
        let request = pb::GetProductRequest { product_id: product.product_id.clone() };
        let read = catalog.public.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
        assert!(read.variants.is_empty());
        let again = catalog.staff.clone().create_variant(create_variant(new_variant(&product, "RUG-1"))).await;
        refused(again, Code::AlreadyExists, "ERROR_REASON_SKU_EXISTS");
        catalog.finish().await;
    }
}
