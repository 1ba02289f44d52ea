//! DisableVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_disabled_variant_is_still_shown_and_disabled_once(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let request = pb::DisableVariantRequest {
            request_id: request_id(),
            variant_id: variant.variant_id.clone(),
            etag: variant.etag.clone(),
        };
        let disabled = catalog.staff.clone().disable_variant(request).await.unwrap().into_inner();
        let disabled = disabled.variant.unwrap();
        assert_eq!((disabled.state(), &disabled.default_prices), (pb::VariantState::Disabled, &vec![price]));
        assert_eq!(catalog.variant_of("RUG-1").await, disabled);
        let events = catalog.events().await;
        assert_eq!(catalog.set_variant(&variant, pb::VariantState::Disabled).await.unwrap(), disabled);
        assert_eq!(catalog.events().await, events);

        let late = pb::DisableVariantRequest {
            request_id: request_id(),
            variant_id: variant.variant_id.clone(),
            etag: variant.etag.clone(),
        };
        let answer = catalog.staff.clone().disable_variant(late).await;
        refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        let missing = pb::Variant { variant_id: unknown("variant"), ..variant };
        let answer = catalog.set_variant(&missing, pb::VariantState::Disabled).await;
        refused(answer, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        catalog.finish().await;
    }
}
