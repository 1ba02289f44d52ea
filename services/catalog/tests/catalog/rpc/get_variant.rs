//! GetVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

use pb::get_variant_request::Variant as Key;

on_each_engine! {
    async fn a_variant_is_found_by_its_id_and_by_its_sku(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, price) = catalog.on_sale("Rug", "RUG 1/ü", 500).await;
        for key in [Key::VariantId(variant.variant_id.clone()), Key::Sku("RUG 1/ü".into())] {
            let request = pb::GetVariantRequest { variant: Some(key) };
            let found = catalog.public.clone().get_variant(request).await.unwrap().into_inner().variant.unwrap();
            assert_eq!(found, pb::Variant { default_prices: vec![price.clone()], ..variant.clone() });
        }
        for key in [Key::VariantId(unknown("variant")), Key::Sku("RUG-2".into())] {
            let answer = catalog.public.clone().get_variant(pb::GetVariantRequest { variant: Some(key) }).await;
            refused(answer, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        }
        let answer = catalog.public.clone().get_variant(pb::GetVariantRequest { variant: None }).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        catalog.finish().await;
    }

    async fn a_variant_of_a_draft_is_not_found_by_the_public(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        catalog.variant(&draft, "S-1").await;
        let request = pb::GetVariantRequest { variant: Some(Key::Sku("S-1".into())) };
        let answer = catalog.public.clone().get_variant(request.clone()).await;
        refused(answer, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        assert!(catalog.staff.clone().get_variant(request).await.is_ok());
        catalog.finish().await;
    }
}
