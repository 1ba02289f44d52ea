//! What ListMovements promises.

use souk_client::inventory::v1::{self as pb, MovementKind};
use souk_client::types::v1::ActorKind;
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

    async fn movements_are_found_by_what_people_look_for_and_the_last_comes_first(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.open_location("north", 0).await;
        inventory.receive_at("mug", "north", 5).await;
        inventory.receive("cup", 5).await;
        inventory.clock.advance(std::time::Duration::from_secs(60));
        let later = inventory.clock.now();
        let sold = inventory.consumed(&[("mug", 2)]).await.to_string();
        let all = pb::ListMovementsRequest::default();
        let list = |request: pb::ListMovementsRequest| {
            let mut staff = inventory.staff();
            async move {
                let page = staff.list_movements(request).await.unwrap().into_inner();
                page.movements.iter().map(|one| (one.kind(), one.sku.clone())).collect::<Vec<_>>()
            }
        };
        let of = |kind: MovementKind, sku: &str| (kind, sku.to_owned());
        let received = [of(MovementKind::Received, "cup"), of(MovementKind::Received, "mug")];
        let moved = [of(MovementKind::Consumed, "mug"), of(MovementKind::Reserved, "mug")];
        assert_eq!(list(all.clone()).await, [&moved[..], &received].concat());
        let ascending = pb::ListMovementsRequest { order_by: "create_time".into(), ..all.clone() };
        assert_eq!(list(ascending).await[0], received[1]);

        let kinds = vec![MovementKind::Received.into(), MovementKind::Returned.into()];
        assert_eq!(list(pb::ListMovementsRequest { kinds, ..all.clone() }).await, received);
        let location_id = "north".to_owned();
        assert_eq!(list(pb::ListMovementsRequest { location_id, ..all.clone() }).await.len(), 3);
        let of_sale = pb::ListMovementsRequest { reservation_id: sold, ..all.clone() };
        assert_eq!(list(of_sale).await, moved);
        let since = pb::ListMovementsRequest { create_time_after: Some(later.into()), ..all.clone() };
        assert_eq!(list(since).await, moved, "the time itself is after");
        let before = pb::ListMovementsRequest { create_time_before: Some(later.into()), ..all.clone() };
        assert_eq!(list(before).await, received);
        let strange = pb::ListMovementsRequest { order_by: "sku".into(), ..all };
        let answer = inventory.staff().list_movements(strange).await;
        crate::support::refused(answer, tonic::Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        inventory.end().await;
    }

    async fn a_movement_says_who_caused_it(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.reserve(inventory.new_id(), &[("mug", 1)]).await.unwrap();
        inventory.clock.advance(std::time::Duration::from_secs(3600));
        let limit = crate::support::PATIENCE;
        souk_testkit::eventually(limit, || async { inventory.stock("mug").await == (5, 0) }).await;
        let actors: Vec<_> = inventory.movements("mug").await.into_iter().map(|movement| {
            let actor = movement.actor.unwrap();
            (actor.kind(), actor.id)
        }).collect();
        let expected = [
            (ActorKind::Staff, "ann".to_owned()),
            (ActorKind::Service, "orders".to_owned()),
            (ActorKind::System, String::new()),
        ];
        assert_eq!(actors, expected);
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
                let request = pb::ListMovementsRequest { page_size: 2, page_token, sku: sku.into(), ..Default::default() };
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
