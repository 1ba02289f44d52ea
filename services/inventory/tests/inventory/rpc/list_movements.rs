//! What ListMovements promises.

use souk_client::inventory::v1::{self as pb, MovementKind};
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn every_change_of_a_stock_is_told_in_order(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let sold = inventory.consumed(&[("mug", 2)]).await;
        inventory.give_back(sold, "r1", &[("mug", 1)]).await.unwrap();
        let released = inventory.new_id();
        inventory.reserve(released, &[("mug", 3)]).await.unwrap();
        inventory.release(released).await.unwrap();

        let told: Vec<_> = inventory.movements("mug").await.iter().map(|movement| {
            (movement.kind(), movement.on_hand_change, movement.reserved_change, movement.reservation_id.clone())
        }).collect();
        let sold = sold.to_string();
        let released = released.to_string();
        let expected = [
            (MovementKind::Received, 5, 0, String::new()),
            (MovementKind::Reserved, 0, 2, sold.clone()),
            (MovementKind::Consumed, -2, -2, sold.clone()),
            (MovementKind::Returned, 1, 0, sold),
            (MovementKind::Reserved, 0, 3, released.clone()),
            (MovementKind::Released, 0, -3, released),
        ];
        assert_eq!(told, expected);
        inventory.end().await;
    }

    async fn movements_come_a_page_at_a_time_of_one_sku_or_of_all(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        for quantity in 1..=5 {
            inventory.receive("mug", quantity).await;
            inventory.receive("cup", quantity).await;
        }
        for (sku, expected) in [("mug", 5), ("cup", 5), ("", 10), ("jar", 0)] {
            let mut ids = std::collections::BTreeSet::new();
            let mut page_token = String::new();
            loop {
                let request = pb::ListMovementsRequest { page_size: 2, page_token, sku: sku.into() };
                let page = inventory.staff().list_movements(request).await.unwrap().into_inner();
                assert!(page.movements.iter().all(|movement| sku.is_empty() || movement.sku == sku));
                ids.extend(page.movements.into_iter().map(|movement| movement.movement_id));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            assert_eq!(ids.len(), expected, "of {sku:?}");
        }
        inventory.end().await;
    }
}
