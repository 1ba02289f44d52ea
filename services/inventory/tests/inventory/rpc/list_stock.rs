//! What ListStock promises.

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

fn page(page_size: i32, page_token: &str) -> pb::ListStockRequest {
    pb::ListStockRequest { page_size, page_token: page_token.into() }
}

on_each_engine! {
    async fn all_stock_comes_sorted_by_bytes_a_page_at_a_time(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("b", 1), ("a b", 1), ("B", 1), ("ab", 1), ("é", 1)]).await;
        let mut skus = Vec::new();
        let mut token = String::new();
        loop {
            let answer = inventory.staff().list_stock(page(2, &token)).await.unwrap().into_inner();
            skus.extend(answer.stock.into_iter().map(|stock| stock.sku));
            token = answer.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(skus, ["B", "a b", "ab", "b", "é"]);
        inventory.end().await;
    }

    async fn a_page_token_is_good_for_its_caller_only_and_as_it_was_issued(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1), ("cup", 1)]).await;
        let token = inventory.staff().list_stock(page(1, "")).await.unwrap().into_inner().next_page_token;

        let other = inventory.client_of(Caller::Staff("bob".into())).list_stock(page(1, &token)).await;
        refused(other, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        let changed = inventory.staff().list_stock(page(1, &format!("{token}A"))).await;
        refused(changed, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        let request = pb::ListLocationsRequest { page_size: 1, page_token: token.clone() };
        let other_list = inventory.staff().list_locations(request).await;
        refused(other_list, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        assert_eq!(inventory.staff().list_stock(page(9, &token)).await.unwrap().into_inner().stock.len(), 1);
        inventory.end().await;
    }
}
