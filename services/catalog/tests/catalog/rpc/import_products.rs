//! ImportProducts.

use souk_chassis::Caller;
use souk_client::catalog::v1 as pb;
use souk_client::operation::import_products;
use souk_client::operations::v1::operation_service_client::OperationServiceClient;
use souk_client::operations::v1::{
    GetOperationRequest, ListOperationsRequest, WaitOperationRequest, operation,
};
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

/// One variant of the same name, at these prices in GBP.
pub fn item(key: &str, prices: &[i64]) -> pb::ImportedProduct {
    let price = |minor: &i64| pb::Price { unit_price: money("GBP", *minor), ..Default::default() };
    pb::ImportedProduct {
        product: Some(pb::Product {
            external_key: key.into(),
            title: format!("Product {key}"),
            ..Default::default()
        }),
        variants: vec![pb::ImportedVariant {
            variant: Some(pb::Variant { sku: key.into(), ..Default::default() }),
            prices: prices.iter().map(price).collect(),
        }],
        ..Default::default()
    }
}

/// The item with its product changed.
fn with(item: pb::ImportedProduct, change: impl Fn(&mut pb::Product)) -> pb::ImportedProduct {
    let mut product = item.product.unwrap();
    change(&mut product);
    pb::ImportedProduct { product: Some(product), ..item }
}

/// The reason and the field of each error.
fn errors(results: &[pb::ImportResult]) -> Vec<(&str, &str)> {
    let errors = results.iter().filter_map(|result| result.error.as_ref());
    errors.map(|error| (error.reason().as_str_name(), &*error.field)).collect()
}

fn outcomes(results: &[pb::ImportResult]) -> Vec<pb::ImportOutcome> {
    results.iter().map(pb::ImportResult::outcome).collect()
}

use pb::ImportOutcome::{Created, Extended, Failed, Unchanged};

on_each_engine! {
    async fn good_and_bad_items_get_their_own_results_in_order(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        catalog.on_sale("Mine", "TAKEN", 5).await;
        let untitled = with(item("B", &[1]), |product| product.title = String::new());
        let mut negative = item("C", &[1, -1]);
        negative.variants[0].prices[0].effective_time = Some(prost_types::Timestamp { seconds: 5, nanos: 0 });
        let nameless = with(item("X", &[1]), |product| product.external_key = "has space".into());
        let keyless = with(item("Y", &[1]), |product| product.external_key = String::new());
        let mut late = item("L", &[1]);
        late.variants[0].prices[0].effective_time = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
        let items = vec![item("A", &[100, 90]), untitled, negative, item("TAKEN", &[1]), nameless, keyless, late, item("D", &[])];
        let results = catalog.import(items).await.unwrap();

        assert_eq!(outcomes(&results), [Created, Failed, Failed, Failed, Failed, Failed, Failed, Created]);
        let keys: Vec<&str> = results.iter().map(|result| &*result.external_key).collect();
        assert_eq!(keys, ["A", "B", "C", "TAKEN", "has space", "", "L", "D"]);
        assert_eq!((results[0].created_variant_count, results[0].created_price_count), (1, 2));
        let errors = errors(&results);
        let expected = [
            ("ERROR_REASON_INVALID_ITEM", "product.title"),
            ("ERROR_REASON_INVALID_ITEM", "variants[0].prices[1].unit_price"),
            ("ERROR_REASON_SKU_EXISTS", "variants[0].variant.sku"),
            ("ERROR_REASON_INVALID_ITEM", "product.external_key"),
            ("ERROR_REASON_INVALID_ITEM", "product.external_key"),
            ("ERROR_REASON_INVALID_ITEM", "variants[0].prices[0].effective_time"),
        ];
        assert_eq!(errors, expected);
        assert_eq!(catalog.service.row_counts().await["0.products"], 3);
        catalog.finish().await;
    }

    async fn history_is_restricted_and_the_default_is_public_unless_the_item_says_otherwise(engine: Engine) {
        use pb::PriceAudience::{Public, Restricted};
        let catalog = TestCatalog::start(engine).await;
        let mut rug = item("RUG", &[100, 90, 80]);
        rug.variants[0].prices[1].is_default = true;
        rug.variants[0].prices[2].audience = Public.into();
        let mut hidden = item("HIDDEN", &[100]);
        hidden.variants[0].prices[0].audience = Restricted.into();
        let mut both = item("BOTH", &[100, 90]);
        both.variants[0].prices[1].audience = Restricted.into();
        both.variants[0].prices[1].is_default = true;
        let mut other = item("OTHER", &[100]);
        other.variants[0].prices[0].audience = 3;
        let results = catalog.import(vec![rug, hidden, both, other]).await.unwrap();
        assert_eq!(outcomes(&results), [Created, Created, Failed, Failed]);
        let errors = errors(&results);
        let expected = [
            ("ERROR_REASON_INVALID_ITEM", "variants[0].prices[1].is_default"),
            ("ERROR_REASON_INVALID_ITEM", "variants[0].prices[0].audience"),
        ];
        assert_eq!(errors, expected);

        let told = async |sku: &str| {
            let prices = catalog.prices(sku).await;
            let mut told: Vec<_> = prices
                .iter()
                .map(|price| (price.unit_price.as_ref().unwrap().minor_units, price.audience(), price.is_default))
                .collect();
            told.sort_by_key(|(minor, ..)| *minor);
            told
        };
        let expected = [(80, Public, false), (90, Public, true), (100, Restricted, false)];
        assert_eq!(told("RUG").await, expected);
        assert_eq!(told("HIDDEN").await, [(100, Restricted, false)]);

        // What is restricted already cannot be marked as the default.
        let mut marked = item("HIDDEN", &[100]);
        marked.variants[0].prices[0].is_default = true;
        let results = catalog.import(vec![marked]).await.unwrap();
        let error = results[0].error.as_ref().unwrap();
        assert_eq!(error.reason(), pb::ErrorReason::PriceRestricted);
        catalog.finish().await;
    }

    async fn a_repeat_of_an_import_changes_nothing_and_undoes_no_edit(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let items = || vec![item("A", &[100, 90]), item("B", &[50])];
        let first = catalog.import(items()).await.unwrap();
        let edited = pb::Product {
            product_id: first[0].product_id.clone(),
            title: "Edited".into(),
            ..Default::default()
        };
        let edited = catalog.update(update_product(edited, &["title"])).await.unwrap();
        let rows = async || {
            let mut rows = catalog.service.row_counts().await;
            // The second import is an operation of its own.
            rows.remove("0.souk_operations");
            rows
        };
        let before = rows().await;

        let second = catalog.import(items()).await.unwrap();
        assert_eq!(outcomes(&second), [Unchanged, Unchanged]);
        assert_eq!(second[0].product_id, first[0].product_id);
        assert_eq!(rows().await, before);
        let request = pb::GetProductRequest { product_id: first[0].product_id.clone() };
        let read = catalog.public.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
        assert_eq!((read.title.as_str(), read.external_key.as_str(), &read.etag), ("Edited", "A", &edited.etag));
        catalog.finish().await;
    }

    async fn an_item_that_names_more_adds_what_is_new(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        catalog.import(vec![item("A", &[100])]).await.unwrap();
        let mut more = item("A", &[100, 80]);
        let second = Some(pb::Variant { sku: "A-2".into(), ..Default::default() });
        more.variants.push(pb::ImportedVariant { variant: second, prices: vec![] });
        let results = catalog.import(vec![more]).await.unwrap();
        assert_eq!(outcomes(&results), [Extended]);
        assert_eq!((results[0].created_variant_count, results[0].created_price_count), (1, 1));
        let defaults: Vec<i64> = catalog
            .prices("A")
            .await
            .iter()
            .filter(|price| price.is_default)
            .map(|price| price.unit_price.as_ref().unwrap().minor_units)
            .collect();
        assert_eq!(defaults, [100]);
        catalog.finish().await;
    }

    async fn an_imported_price_has_the_id_that_the_contract_promises(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        catalog.import(vec![item("85123A", &[255, 295])]).await.unwrap();
        let id = catalog::imported_price_id("85123A", "GBP".parse().unwrap(), 295).to_string();
        let found = resolve_as(&catalog.staff, vec![by_price(&id)], "GBP").await.unwrap();
        assert_eq!(found[0].unit_price, money("GBP", 295));
        assert_eq!((found[0].sku.as_str(), found[0].title.as_str()), ("85123A", "Product 85123A"));
        catalog.finish().await;
    }

    async fn thousands_of_items_arrive_and_one_more_than_the_limit_is_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let items = |count: i64| (0..count).map(|number| item(&format!("P{number}"), &[number, number + 1])).collect();
        let results = catalog.import(items(3_400)).await.unwrap();
        assert!(results.iter().all(|result| result.outcome() == Created && result.created_price_count == 2));
        let audit = catalog.audit().await;
        let counts: Vec<i64> = audit.counts.iter().map(|count| count.count).collect();
        assert_eq!(counts, [3_400, 3_400, 6_800, 3_400]);
        // One event for each product, variant and price.
        assert_eq!(catalog.events().await, 13_600);

        let answer = catalog.import(items(10_001)).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_TOO_MANY_ITEMS");
        assert_eq!(souk_testkit::metadata_of(&status)["limit"], "10000");
        let large = |number| with(item(&format!("L{number}"), &[]), |it| it.description = "x".repeat(9_000));
        let answer = catalog.import((0..9_000).map(large).collect()).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_IMPORT_TOO_LARGE");
        assert_eq!(souk_testkit::metadata_of(&status)["limit_bytes"], "67108864");
        let rows = catalog.service.row_counts().await;
        assert_eq!((rows["0.products"], rows["0.import_groups"]), (3_400, 0));
        catalog.finish().await;
    }

    async fn a_stream_without_a_request_id_and_others_than_staff_are_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let stream = |ids: &[&str]| -> Vec<pb::ImportProductsRequest> {
            let message = |id: &&str| pb::ImportProductsRequest { item: None, request_id: (*id).to_owned() };
            ids.iter().map(message).collect()
        };
        for (ids, problem) in [
            (&[][..], "is required in the first message"),
            (&["", "r1"], "is required in the first message"),
            (&["r1", "r2"], "must be empty after the first message"),
        ] {
            let answer = catalog.staff.clone().import_products(tokio_stream::iter(stream(ids))).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert!(status.message().contains(problem), "{status:?}");
        }
        let results = import_products(catalog.staff_channel(), "r1", [pb::ImportedProduct::default()]).await.unwrap();
        assert_eq!(outcomes(&results), [Failed]);
        let answer = catalog.public.clone().import_products(tokio_stream::iter(stream(&["r1"]))).await;
        assert!(matches!(answer.unwrap_err().code(), Code::Unauthenticated | Code::PermissionDenied));
        catalog.finish().await;
    }

    async fn a_repeat_returns_the_operation_and_the_id_of_other_items_is_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let items = || (0..450).map(|number| item(&format!("P{number}"), &[number])).collect::<Vec<_>>();
        let first = catalog.start_import("r1", items()).await.unwrap();
        assert_eq!((&*first.service, &*first.method), ("catalog", "souk.catalog.v1.CatalogService.ImportProducts"));
        assert_eq!(progress_of(&first).item_count, 450);
        assert_eq!(first.actor.as_ref().unwrap().id, "ann");
        let done = catalog.done(&first).await;
        let again = catalog.start_import("r1", items()).await.unwrap();
        assert_eq!(again, done);
        assert_eq!((again.operation_id, again.create_time), (first.operation_id, first.create_time));
        let progress = progress_of(&done);
        assert_eq!((progress.done_count, progress.failed_count), (450, 0));
        assert!(done.expire_time.is_some() && done.cancel_time.is_none());

        let other = catalog.start_import("r1", vec![item("P1", &[5])]).await;
        refused(other, Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED");
        let rows = catalog.service.row_counts().await;
        assert_eq!((rows["0.souk_operations"], rows["0.import_groups"], rows["0.products"]), (1, 0, 450));
        catalog.finish().await;
    }

    async fn an_import_goes_on_after_a_restart_and_imports_each_item_once(engine: Engine) {
        let mut catalog = TestCatalog::start(engine).await;
        let items: Vec<_> = (0..6_000).map(|number| item(&format!("P{number}"), &[number])).collect();
        let mut operation = catalog.start_import("r1", items).await.unwrap();
        for _ in 0..3 {
            operation = catalog.progress(&operation).await;
            catalog.restart().await;
        }
        let done = catalog.done(&operation).await;
        let results = results_of(&done);
        assert_eq!(results.len(), 6_000);
        assert!(results.iter().all(|result| result.outcome() == Created));
        assert!(results.iter().enumerate().all(|(number, result)| result.external_key == format!("P{number}")));
        let counts: Vec<i64> = catalog.audit().await.counts.iter().map(|count| count.count).collect();
        assert_eq!(counts, [6_000; 4]);
        assert_eq!(catalog.service.row_counts().await["0.import_groups"], 0);
        catalog.finish().await;
    }

    async fn a_canceled_import_stops_and_keeps_what_it_imported(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let items: Vec<_> = (0..10_000).map(|number| item(&format!("P{number}"), &[])).collect();
        let operation = catalog.start_import("r1", items).await.unwrap();
        catalog.progress(&operation).await;
        let canceled = catalog.cancel(&operation).await;
        assert!(canceled.cancel_time.is_some() || canceled.done);
        let done = catalog.done(&operation).await;
        let error = match done.result.as_ref().unwrap() {
            operation::Result::Error(error) => error,
            operation::Result::Response(_) => panic!("10,000 items were faster than one call"),
        };
        assert_eq!((error.code, &*error.message), (1, &*format!("operation {} was canceled", done.operation_id)));
        assert!(error.details[0].value.windows(31).any(|text| text == b"ERROR_REASON_OPERATION_CANCELED"));
        let rows = catalog.service.row_counts().await;
        assert_eq!(rows["0.products"], i64::from(progress_of(&done).done_count));
        assert_eq!(rows["0.import_groups"], 0);
        assert_eq!(catalog.cancel(&operation).await, done);
        catalog.finish().await;
    }

    async fn operations_are_seen_by_those_who_could_start_them(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let mut ids = vec![];
        for request in ["r1", "r2", "r3"] {
            let operation = catalog.start_import(request, vec![item(request, &[5])]).await.unwrap();
            catalog.done(&operation).await;
            ids.insert(0, operation.operation_id);
        }
        let ann = Caller::Staff("ann".into());
        let list = async |channel, page_size, page_token: String| {
            let request = ListOperationsRequest { service: "catalog".into(), page_size, page_token };
            OperationServiceClient::new(channel).list_operations(request).await.unwrap().into_inner()
        };
        let page = list(catalog.service.channel_as(&ann), 2, String::new()).await;
        let next = list(catalog.service.channel_as(&ann), 2, page.next_page_token.clone()).await;
        let listed: Vec<_> = page.operations.iter().chain(&next.operations).collect();
        assert_eq!(listed.iter().map(|one| &one.operation_id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
        assert!(listed.iter().all(|one| one.done && one.result.is_none()));
        assert_eq!(next.next_page_token, "");

        let reader = || catalog.service.channel_with(&ann, &["inventory.read"]);
        assert_eq!(list(reader(), 0, String::new()).await.operations, []);
        let get = |service: &str| GetOperationRequest { service: service.into(), operation_id: ids[0].clone() };
        let answer = OperationServiceClient::new(reader()).get_operation(get("catalog")).await;
        refused(answer, Code::NotFound, "ERROR_REASON_OPERATION_NOT_FOUND");
        let answer = catalog.operations(&Caller::user("alice")).get_operation(get("catalog")).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        let answer = catalog.operations(&ann).get_operation(get("orders")).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert!(status.message().contains("must be one of catalog"), "{status:?}");
        let answer = catalog.operations(&ann).get_operation(get("")).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        catalog.finish().await;
    }

    async fn a_wait_ends_in_time_with_what_is_there(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let items: Vec<_> = (0..10_000).map(|number| item(&format!("P{number}"), &[5])).collect();
        let operation = catalog.start_import("r1", items).await.unwrap();
        let request = WaitOperationRequest {
            service: "catalog".into(),
            operation_id: operation.operation_id.clone(),
            timeout: Some(prost_types::Duration::default()),
        };
        let ann = Caller::Staff("ann".into());
        let waited = catalog.operations(&ann).wait_operation(request).await.unwrap().into_inner();
        assert!(!waited.operation.unwrap().done);
        assert!(catalog.done(&operation).await.done);
        catalog.finish().await;
    }

    async fn an_item_says_in_which_state_a_new_product_starts_and_keeps_its_metadata(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let metadata = std::collections::BTreeMap::from([("erp".to_owned(), "1".to_owned())]);
        let mut draft = pb::ImportedProduct {
            initial_state: pb::ProductState::Draft.into(),
            ..with(item("D", &[100]), |product| {
                product.metadata = metadata.clone();
                product.state = pb::ProductState::Archived.into();
            })
        };
        draft.variants[0].variant.as_mut().unwrap().metadata = metadata.clone();
        draft.variants[0].prices[0].metadata = metadata.clone();
        draft.variants[0].prices[0].channel = "b2b".into();
        let results = catalog.import(vec![draft.clone()]).await.unwrap();
        let request = pb::GetProductRequest { product_id: results[0].product_id.clone() };
        let read = catalog.staff.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
        assert_eq!((read.state(), &read.metadata), (pb::ProductState::Draft, &metadata));
        assert_eq!(read.variants[0].metadata, metadata);
        let price = &catalog.prices("D").await[0];
        assert_eq!((price.channel.as_str(), &price.metadata, price.is_default), ("b2b", &metadata, true));

        draft.initial_state = pb::ProductState::Active.into();
        assert_eq!(outcomes(&catalog.import(vec![draft]).await.unwrap()), [Unchanged]);
        catalog.finish().await;
    }
}
