//! ListVariants.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

async fn skus(client: &Client, request: pb::ListVariantsRequest) -> Vec<String> {
    let answer = client.clone().list_variants(request).await.unwrap().into_inner();
    answer.variants.into_iter().map(|variant| variant.sku).collect()
}

on_each_engine! {
    async fn variants_come_by_sku_with_their_prices_a_page_at_a_time(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (rug, _, price) = catalog.on_sale("Rug", "B/1 x", 500).await;
        catalog.variant(&rug, "A").await;
        catalog.variant(&rug, "a").await;
        catalog.on_sale("Tea", "C", 300).await;

        let mut request = pb::ListVariantsRequest { page_size: 2, ..Default::default() };
        let mut found = vec![];
        loop {
            let page = catalog.public.clone().list_variants(request.clone()).await.unwrap().into_inner();
            assert!(page.variants.len() <= 2);
            found.extend(page.variants);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        let all: Vec<&str> = found.iter().map(|variant| &*variant.sku).collect();
        assert_eq!(all, ["A", "B/1 x", "C", "a"]);
        assert_eq!(found[1].default_prices, [price]);
        assert_eq!(found[1], catalog.variant_of("B/1 x").await);

        let of_rug = pb::ListVariantsRequest { product_id: rug.product_id, ..Default::default() };
        assert_eq!(skus(&catalog.public, of_rug.clone()).await, ["A", "B/1 x", "a"]);
        let named = pb::ListVariantsRequest { sku: "B/1 x".into(), ..Default::default() };
        assert_eq!(skus(&catalog.public, named).await, ["B/1 x"]);
        let other = pb::ListVariantsRequest { sku: "C".into(), ..of_rug };
        assert!(skus(&catalog.public, other).await.is_empty());
        let nothing = pb::ListVariantsRequest { product_id: unknown("product"), ..Default::default() };
        assert!(skus(&catalog.public, nothing).await.is_empty());
        let other = pb::ListVariantsRequest { sku: "A".into(), ..request };
        let answer = catalog.public.clone().list_variants(other).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        catalog.finish().await;
    }

    async fn archived_variants_and_those_of_drafts_are_for_the_shop(engine: Engine) {
        use pb::VariantState::{Active, Archived, Disabled};
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        catalog.variant(&product, "ACTIVE").await;
        for state in [Disabled, Archived] {
            let variant = catalog.variant(&product, state.as_str_name()).await;
            catalog.set_variant(&variant, state).await.unwrap();
        }
        let draft = catalog.product_in("Secret", pb::ProductState::Draft).await;
        catalog.variant(&draft, "SECRET").await;
        let archived = Archived.as_str_name();
        let disabled = Disabled.as_str_name();

        for (states, public, shop) in [
            (vec![], vec!["ACTIVE", disabled], vec!["ACTIVE", "SECRET", disabled]),
            (vec![Active], vec!["ACTIVE"], vec!["ACTIVE", "SECRET"]),
            (vec![Archived], vec![], vec![archived]),
            (vec![Archived, Disabled], vec![disabled], vec![archived, disabled]),
        ] {
            let states = states.into_iter().map(Into::into).collect();
            let request = pb::ListVariantsRequest { states, ..Default::default() };
            for caller in shoppers() {
                assert_eq!(skus(&catalog.client(&caller), request.clone()).await, public);
            }
            for caller in insiders() {
                assert_eq!(skus(&catalog.client(&caller), request.clone()).await, shop);
            }
        }
        catalog.finish().await;
    }
}
