//! What the service tells others: each change and its event are one write.

use prost::Message;
use souk_client::inventory::v1::{MovementKind, ReservationChanged, ReservationState, StockChanged};
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn every_state_of_a_reservation_is_told_once_and_in_order(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.consumed(&[("mug", 2)]).await;
        inventory.consume(id).await.unwrap();
        inventory.release(id).await.expect_err("it was consumed");

        let events = inventory.events().await.into_iter().filter(|(_, key, _)| *key == id.to_string());
        let told: Vec<_> = events.map(|(kind, _, payload)| {
            let reservation = ReservationChanged::decode(payload.as_slice()).unwrap().reservation.unwrap();
            (kind, reservation.state(), reservation.lines.len())
        }).collect();
        let expected = [ReservationState::Held, ReservationState::Committed, ReservationState::Consumed]
            .map(|state| ("souk.inventory.v1.ReservationChanged".to_owned(), state, 1));
        assert_eq!(told, expected);
        inventory.end().await;
    }

    async fn units_that_arrive_or_come_back_are_told_with_their_movement(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.consumed(&[("mug", 2)]).await;
        inventory.give_back(id, "r1", &[("mug", 1)]).await.unwrap();

        let events = inventory.events().await.into_iter().filter(|(_, key, _)| key == "mug");
        let told: Vec<_> = events.map(|(kind, _, payload)| {
            assert_eq!(kind, "souk.inventory.v1.StockChanged");
            let StockChanged { stock, movement } = StockChanged::decode(payload.as_slice()).unwrap();
            (movement.unwrap().kind(), stock.unwrap().on_hand)
        }).collect();
        assert_eq!(told, [(MovementKind::Received, 5), (MovementKind::Returned, 4)]);
        inventory.end().await;
    }

    async fn a_tombstone_is_told_to_nobody(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.release(inventory.new_id()).await.unwrap();
        assert_eq!(inventory.events().await, []);
        inventory.end().await;
    }
}
