//! EnableVariant.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

on_each_engine! {
    async fn a_variant_comes_back_while_its_product_has_room(engine: Engine) {
        use pb::VariantState::{Active, Archived, Disabled};
        let catalog = TestCatalog::start(engine).await;
        let sku = |number: usize| format!("RUG-{number:03}");
        let mut rug = crate::rpc::import_products::item("RUG", &[]);
        rug.variants = (0..100)
            .map(|number| pb::ImportedVariant {
                variant: Some(pb::Variant { sku: sku(number), ..Default::default() }),
                prices: vec![],
            })
            .collect();
        let results = catalog.import(vec![rug.clone()]).await.unwrap();
        let product = pb::Product { product_id: results[0].product_id.clone(), ..Default::default() };
        let full = catalog.staff.clone().create_variant(create_variant(new_variant(&product, "MORE"))).await;
        let status = refused(full, Code::FailedPrecondition, "ERROR_REASON_TOO_MANY_VARIANTS");
        assert_eq!(souk_testkit::metadata_of(&status)["limit"], "100");

        // An archived variant does not count, and a repeated import does not bring it back.
        let first = catalog.variant_of(&sku(0)).await;
        catalog.set_variant(&first, Archived).await.unwrap();
        assert_eq!(catalog.import(vec![rug]).await.unwrap()[0].outcome(), pb::ImportOutcome::Unchanged);
        let more = catalog.variant(&product, "MORE").await;
        for state in [Active, Disabled] {
            let answer = catalog.set_variant(&first, state).await;
            refused(answer, Code::FailedPrecondition, "ERROR_REASON_TOO_MANY_VARIANTS");
        }
        catalog.set_variant(&more, Archived).await.unwrap();
        assert_eq!(catalog.set_variant(&first, Disabled).await.unwrap().state(), Disabled);
        let enabled = catalog.set_variant(&first, Active).await.unwrap();
        assert_eq!(enabled.state(), Active);
        let events = catalog.events().await;
        assert_eq!(catalog.set_variant(&first, Active).await.unwrap(), enabled);
        assert_eq!(catalog.events().await, events);
        catalog.finish().await;
    }
}
