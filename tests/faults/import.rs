//! Death in the middle of an import: it goes on where it was, and each item is imported once.

use std::time::Duration;

use prost::Message as _;
use souk_chassis::Caller;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::catalog::v1::{
    ImportOutcome, ImportProductsMetadata, ImportProductsResult, ImportedProduct, Product,
};
use souk_client::operation::{import_stream, response_of};
use souk_client::operations::v1::operation_service_client::OperationServiceClient;
use souk_client::operations::v1::{GetOperationRequest, Operation, WaitOperationRequest};
use souk_testkit::{CallerChannel, ChildShop};
use tonic::Response;

const ITEMS: usize = 10_000;
const KILLS: usize = 4;

fn channel(shop: &ChildShop) -> CallerChannel {
    shop.channel_as(&Caller::Staff("ann".to_owned()))
}

async fn get(shop: &ChildShop, operation: &Operation) -> Operation {
    let request = GetOperationRequest {
        service: operation.service.clone(),
        operation_id: operation.operation_id.clone(),
    };
    let found = OperationServiceClient::new(channel(shop)).get_operation(request).await;
    found.expect("the operation is there").into_inner().operation.expect("it is returned")
}

/// Returns how many items of an import are done.
fn done_of(operation: &Operation) -> i32 {
    let metadata = operation.metadata.as_ref().expect("an operation has metadata");
    let progress = ImportProductsMetadata::decode(metadata.value.as_slice());
    progress.expect("its metadata can be read").done_count
}

#[tokio::test]
async fn killed_again_and_again_an_import_imports_each_item_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = ChildShop::serve(&["catalog"], folder.path()).start().await;
    let items = (0..ITEMS).map(|number| ImportedProduct {
        product: Some(Product {
            external_key: format!("P{number}"),
            title: format!("Product {number}"),
            ..Default::default()
        }),
        ..Default::default()
    });
    let stream = tokio_stream::iter(import_stream("goods", items));
    let started = CatalogServiceClient::new(channel(&shop)).import_products(stream).await;
    let operation = started.unwrap().into_inner().operation.unwrap();

    let mut kills_within = 0;
    for _ in 0..KILLS {
        let before = done_of(&get(&shop, &operation).await);
        let now = loop {
            let now = get(&shop, &operation).await;
            if now.done || done_of(&now) > before {
                break now;
            }
            tokio::task::yield_now().await;
        };
        kills_within += usize::from(!now.done);
        shop.restart().await;
    }
    assert!(kills_within > 0, "the import was over before the first kill");

    let channel = channel(&shop);
    let wait = |request: WaitOperationRequest| {
        let mut operations = OperationServiceClient::new(channel.clone());
        async move { operations.wait_operation(request).await.map(Response::into_inner) }
    };
    let result: ImportProductsResult = response_of(operation, wait).await.unwrap();
    let created =
        result.results.iter().filter(|one| one.outcome() == ImportOutcome::Created).count();
    // An item that was imported a second time would be UNCHANGED.
    assert_eq!((result.results.len(), created), (ITEMS, ITEMS));
    shop.stop(Duration::from_secs(30)).await;
}
