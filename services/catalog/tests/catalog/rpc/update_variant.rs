//! UpdateVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn an_update_changes_what_its_mask_names_and_keeps_prices(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let wanted = pb::Variant {
            title: "small".into(),
            attributes: [("size".to_owned(), "60x90".to_owned())].into(),
            metadata: [("erp".to_owned(), "1".to_owned())].into(),
            // Neither is named by the mask, nor can it be changed.
            sku: "RUG-2".into(),
            state: pb::VariantState::Archived.into(),
            ..variant.clone()
        };
        let request = update_variant(wanted.clone(), &["title", "attributes"]);
        let changed = catalog.staff.clone().update_variant(request.clone()).await.unwrap().into_inner();
        let again = catalog.staff.clone().update_variant(request.clone()).await.unwrap().into_inner();
        assert_eq!(changed, again);
        let changed = changed.variant.unwrap();
        assert_eq!((changed.title.as_str(), &changed.default_prices), ("small", &vec![price]));
        assert_eq!((changed.sku.as_str(), changed.state()), ("RUG-1", pb::VariantState::Active));
        assert!(changed.metadata.is_empty());

        let every = pb::Variant { etag: changed.etag.clone(), title: String::new(), ..wanted };
        let answer = catalog.staff.clone().update_variant(update_variant(every, &["*"])).await.unwrap();
        let changed = answer.into_inner().variant.unwrap();
        assert_eq!((changed.title.as_str(), changed.metadata.len(), changed.sku.as_str()), ("", 1, "RUG-1"));

        let late = update_variant(pb::Variant { title: "tiny".into(), ..variant.clone() }, &["title"]);
        let answer = catalog.staff.clone().update_variant(late).await;
        refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        for (wrong, paths) in [
            (pb::Variant { variant_id: String::new(), ..variant.clone() }, &["title"][..]),
            (variant.clone(), &[]),
            (variant.clone(), &["sku"]),
        ] {
            let answer = catalog.staff.clone().update_variant(update_variant(wrong, paths)).await;
            refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        }
        let missing = pb::Variant { variant_id: unknown("variant"), ..variant };
        let answer = catalog.staff.clone().update_variant(update_variant(missing, &["title"])).await;
        refused(answer, Code::NotFound, "ERROR_REASON_VARIANT_NOT_FOUND");
        catalog.finish().await;
    }
}
