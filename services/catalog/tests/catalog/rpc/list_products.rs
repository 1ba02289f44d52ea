//! ListProducts.

use prost::Message;
use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

async fn titles(client: &Client, request: pb::ListProductsRequest) -> Vec<String> {
    let answer = client.clone().list_products(request).await.unwrap().into_inner();
    answer.products.into_iter().map(|product| product.title).collect()
}

on_each_engine! {
    async fn pages_by_title_leave_nothing_out_and_repeat_nothing(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        for title in ["banana", "Apple", "cherry", "Éclair", "apple", "Zebra"] {
            catalog.product(title).await;
        }
        let mut found = vec![];
        let mut request = pb::ListProductsRequest { page_size: 2, ..Default::default() };
        loop {
            let page = catalog.public.clone().list_products(request.clone()).await.unwrap().into_inner();
            assert!(page.products.len() <= 2);
            found.extend(page.products.into_iter().map(|product| product.title.to_lowercase()));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, ["apple", "apple", "banana", "cherry", "zebra", "éclair"]);
        catalog.finish().await;
    }

    async fn filters_narrow_the_list(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        catalog.product("Green tea").await;
        let middle = catalog.product("Black tea").await;
        catalog.product_in("Green lamp", pb::ProductState::Archived).await;
        catalog.product_in("Green draft", pb::ProductState::Draft).await;

        let all = pb::ListProductsRequest::default();
        let green = pb::ListProductsRequest { title_prefix: "GREEN".into(), ..all.clone() };
        assert_eq!(titles(&catalog.public, green.clone()).await, ["Green lamp", "Green tea"]);
        assert_eq!(titles(&catalog.staff, green.clone()).await, ["Green draft", "Green lamp", "Green tea"]);
        let active = pb::ListProductsRequest { state: pb::ProductState::Active.into(), ..green.clone() };
        assert_eq!(titles(&catalog.staff, active).await, ["Green tea"]);
        let drafts = pb::ListProductsRequest { state: pb::ProductState::Draft.into(), ..all.clone() };
        assert!(titles(&catalog.public, drafts).await.is_empty());
        let later = pb::ListProductsRequest { updated_after: middle.update_time, ..all };
        assert_eq!(titles(&catalog.public, later).await, ["Green lamp"]);
        catalog.finish().await;
    }

    async fn a_page_of_large_products_is_cut_to_what_a_plain_client_reads(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let large = "\u{1F375}".repeat(10_000);
        for number in 0..80 {
            let request = pb::CreateProductRequest {
                request_id: number.to_string(),
                title: format!("{number:02}"),
                description: large.clone(),
                state: pb::ProductState::Active.into(),
                ..Default::default()
            };
            catalog.staff.clone().create_product(request).await.unwrap();
        }
        let mut all = 0;
        let mut pages = 0;
        let mut page_token = String::new();
        loop {
            let request = pb::ListProductsRequest { page_token, ..Default::default() };
            let page = catalog.public.clone().list_products(request).await.unwrap().into_inner();
            assert!(page.encoded_len() <= 3 << 20, "{}", page.encoded_len());
            (all, pages) = (all + page.products.len(), pages + 1);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((all, pages), (80, 2));
        catalog.finish().await;
    }

    async fn a_page_token_is_good_for_its_caller_and_its_filter_only(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        for title in ["a", "b", "c"] {
            catalog.product(title).await;
        }
        let request = pb::ListProductsRequest { page_size: 1, ..Default::default() };
        let first = catalog.public.clone().list_products(request.clone()).await.unwrap().into_inner();
        let next = pb::ListProductsRequest { page_token: first.next_page_token.clone(), ..request.clone() };
        assert_eq!(titles(&catalog.public, next.clone()).await, ["b"]);

        let as_staff = catalog.staff.clone().list_products(next.clone()).await;
        let status = refused(as_staff, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        assert_eq!(status.message(), "the page token is not valid for this caller and this list");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "page_token");
        let mut changed = first.next_page_token.into_bytes();
        changed[3] ^= 1;
        for bad in [
            pb::ListProductsRequest { title_prefix: "a".into(), ..next.clone() },
            pb::ListProductsRequest { page_token: String::from_utf8(changed).unwrap(), ..request.clone() },
            pb::ListProductsRequest { page_token: "nonsense".into(), ..request },
        ] {
            let answer = catalog.public.clone().list_products(bad).await;
            refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        }
        catalog.finish().await;
    }
}
