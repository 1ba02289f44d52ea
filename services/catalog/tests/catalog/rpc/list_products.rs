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

    async fn a_list_has_what_is_for_sale_unless_the_shop_asks_for_more(engine: Engine) {
        use pb::ProductState::{Active, Archived, Draft};
        let catalog = TestCatalog::start(engine).await;
        catalog.product("Green tea").await;
        catalog.product("Black tea").await;
        catalog.product_in("Green lamp", Archived).await;
        catalog.product_in("Green draft", Draft).await;

        let green = pb::ListProductsRequest { title_prefix: "GREEN".into(), ..Default::default() };
        for (states, public, shop) in [
            (vec![], vec!["Green tea"], vec!["Green tea"]),
            (vec![Archived], vec![], vec!["Green lamp"]),
            (vec![Draft, Active], vec!["Green tea"], vec!["Green draft", "Green tea"]),
            (
                vec![Draft, Active, Archived],
                vec!["Green tea"],
                vec!["Green draft", "Green lamp", "Green tea"],
            ),
        ] {
            let states = states.into_iter().map(Into::into).collect();
            let request = pb::ListProductsRequest { states, ..green.clone() };
            for caller in shoppers() {
                assert_eq!(titles(&catalog.client(&caller), request.clone()).await, public);
            }
            for caller in insiders() {
                assert_eq!(titles(&catalog.client(&caller), request.clone()).await, shop);
            }
        }
        catalog.finish().await;
    }

    async fn products_are_found_by_their_labels_and_their_external_key(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let create = async |title: &str, labels: &[(&str, &str)]| {
            let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let product = pb::Product {
                title: title.into(),
                external_key: format!("key-of-{title}"),
                labels: labels.collect(),
                ..Default::default()
            };
            let made = catalog.staff.clone().create_product(create_product(product)).await.unwrap();
            catalog.publish(&made.into_inner().product.unwrap()).await.unwrap()
        };
        create("Kilim", &[("material", "wool"), ("room", "hall")]).await;
        let sisal = create("Mat", &[("material", "sisal"), ("room", "hall")]).await;
        create("Tea", &[("kind", "a=b")]).await;

        let with = |labels: &[&str]| pb::ListProductsRequest {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..Default::default()
        };
        for (labels, expected) in [
            (&["room=hall"][..], vec!["Kilim", "Mat"]),
            (&["room=hall", "material=wool"], vec!["Kilim"]),
            (&["material=wool", "material=sisal"], vec![]),
            (&["kind=a=b"], vec!["Tea"]),
            (&["material=wo"], vec![]),
        ] {
            assert_eq!(titles(&catalog.public, with(labels)).await, expected, "{labels:?}");
        }

        // An update replaces the labels.
        let labels = [("material".to_owned(), "wool".to_owned())].into();
        let changed = pb::Product { labels, ..sisal };
        catalog.update(update_product(changed, &["labels"])).await.unwrap();
        assert_eq!(titles(&catalog.public, with(&["material=wool"])).await, ["Kilim", "Mat"]);
        assert_eq!(titles(&catalog.public, with(&["room=hall"])).await, ["Kilim"]);

        let keyed = pb::ListProductsRequest { external_key: "key-of-Tea".into(), ..Default::default() };
        assert_eq!(titles(&catalog.public, keyed).await, ["Tea"]);
        let bad = catalog.public.clone().list_products(with(&["wool"])).await;
        refused(bad, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        catalog.finish().await;
    }

    async fn a_copy_is_kept_in_sync_by_the_time_of_the_last_change(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let first = catalog.product("b").await;
        let second = catalog.product("a").await;
        catalog.product("c").await;
        let by_change = pb::ListProductsRequest { order_by: "update_time".into(), page_size: 2, ..Default::default() };
        assert_eq!(titles(&catalog.public, by_change.clone()).await, ["b", "a"]);

        let changed = pb::Product { title: "bb".into(), ..first };
        let changed = catalog.update(update_product(changed, &["title"])).await.unwrap();
        let page = catalog.public.clone().list_products(by_change.clone()).await.unwrap().into_inner();
        let page_token = page.next_page_token;
        let next = pb::ListProductsRequest { page_token: page_token.clone(), ..by_change.clone() };
        assert_eq!(titles(&catalog.public, next).await, ["bb"]);
        let since = pb::ListProductsRequest { update_time_after: second.update_time, ..by_change.clone() };
        assert_eq!(titles(&catalog.public, since).await, ["a", "c"]);
        let since = pb::ListProductsRequest { update_time_after: changed.update_time, ..by_change };
        assert_eq!(titles(&catalog.public, since).await, ["bb"]);

        let by_title = pb::ListProductsRequest { page_token, page_size: 2, ..Default::default() };
        let answer = catalog.public.clone().list_products(by_title).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        let other = pb::ListProductsRequest { order_by: "price".into(), ..Default::default() };
        let answer = catalog.public.clone().list_products(other).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        catalog.finish().await;
    }

    async fn a_page_of_large_products_is_cut_to_what_a_plain_client_reads(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let large = "\u{1F375}".repeat(10_000);
        for number in 0..80 {
            let product = pb::Product {
                title: format!("{number:02}"),
                description: large.clone(),
                ..Default::default()
            };
            let made = catalog.staff.clone().create_product(create_product(product)).await.unwrap();
            catalog.publish(&made.into_inner().product.unwrap()).await.unwrap();
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
