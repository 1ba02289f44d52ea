//! What ListStock promises.

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

fn page(page_size: i32, page_token: &str) -> pb::ListStockRequest {
    pb::ListStockRequest { page_size, page_token: page_token.into(), ..Default::default() }
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

    async fn stock_is_found_by_location_by_sku_and_when_it_is_low(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 6), ("cup", 5), ("film", 1)]).await;
        inventory.open_location("north", 0).await;
        inventory.receive_at("mug", "north", 5).await;
        let list = |request: pb::ListStockRequest| {
            let mut staff = inventory.staff();
            async move {
                let page = staff.list_stock(request).await.unwrap().into_inner();
                page.stock.iter().map(|one| format!("{}@{}", one.sku, one.location_id)).collect::<Vec<_>>()
            }
        };
        let at_north = pb::ListStockRequest { location_id: "north".into(), ..page(9, "") };
        assert_eq!(list(at_north).await, ["mug@north"]);
        let mugs = pb::ListStockRequest { sku: "mug".into(), ..page(9, "") };
        assert_eq!(list(mugs).await, ["mug@main", "mug@north"]);
        let low = pb::ListStockRequest { low_stock: true, ..page(9, "") };
        assert_eq!(list(low.clone()).await, ["cup@main", "film@main", "mug@north"]);

        inventory.reserve(inventory.new_id(), &[("mug@main", 1)]).await.unwrap();
        let policy = pb::StockPolicy {
            sku: "cup".into(),
            policy: pb::InventoryPolicy::Tracked.into(),
            low_quantity: 4,
            ..Default::default()
        };
        inventory.set_policy(policy.clone()).await.unwrap();
        let untracked = pb::InventoryPolicy::Untracked.into();
        inventory.set_policy(pb::StockPolicy { sku: "film".into(), policy: untracked, ..policy }).await.unwrap();
        assert_eq!(list(low).await, ["mug@main", "mug@north"]);
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
