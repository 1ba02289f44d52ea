//! The published events: each change and its event are one write.

use std::time::Duration;

use prost::Message;
use souk_client::inventory::v1::{
    MovementKind, ReservationChanged, ReservationState, StockChanged,
};
use souk_testkit::{Engine, eventually, on_each_engine};

use crate::support::{Inventory, PATIENCE, TTL_SECONDS};

on_each_engine! {
    async fn every_state_of_a_reservation_is_told_once_and_in_order(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.consumed(&[("mug", 2)]).await;
        inventory.consume(id).await.unwrap();
        inventory.release(id).await.expect_err("it was consumed");

        let events = inventory.events().await.into_iter().filter(|(_, key, _)| *key == id.to_string());
        let told: Vec<_> = events.map(|(kind, _, payload)| {
            let changed = ReservationChanged::decode(payload.as_slice()).unwrap();
            assert_eq!(changed.actor.as_ref().unwrap().id, "orders");
            (kind, changed.previous_state(), changed.reservation.unwrap().state())
        }).collect();
        use ReservationState::{Committed, Consumed, Held, Unspecified};
        let expected = [(Unspecified, Held), (Held, Committed), (Committed, Consumed)]
            .map(|(before, after)| ("souk.inventory.v1.ReservationChanged".to_owned(), before, after));
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

    async fn units_that_are_available_again_are_published_with_their_stock(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1), ("cup", 3)]).await;
        let released = inventory.committed(&[("mug", 1)]).await;
        let before = inventory.events().await.len();
        inventory.release(released).await.unwrap();
        for _ in 0..2 {
            inventory.reserve(inventory.new_id(), &[("cup", 1)]).await.unwrap();
        }
        inventory.clock.advance(Duration::from_secs(TTL_SECONDS as u64 + 1));
        let available = |events: Vec<(String, String, Vec<u8>)>| {
            let changed = events.into_iter().skip(before).filter(|(kind, ..)| kind == "souk.inventory.v1.StockChanged");
            let changed = changed.map(|(_, key, payload)| {
                let StockChanged { stock, movement } = StockChanged::decode(payload.as_slice()).unwrap();
                let stock = stock.unwrap();
                (key, movement.unwrap().kind(), stock.on_hand - stock.reserved)
            });
            changed.collect::<Vec<_>>()
        };
        eventually(PATIENCE, || async { (inventory.stock("cup").await == (3, 0)).then_some(()) }).await;
        let published = available(inventory.events().await);
        assert_eq!(published[0], ("mug".into(), MovementKind::Released, 1));
        // Both holds may end in one write or in two.
        assert_eq!(published.last(), Some(&("cup".into(), MovementKind::Expired, 3)));
        inventory.end().await;
    }

    async fn a_part_is_told_once_with_what_left(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 3)]).await;
        let before = inventory.events().await.len();
        for _ in 0..2 {
            inventory.consume_some(id, "p1", &[("mug", 2)]).await.unwrap();
        }
        let events = inventory.events().await.split_off(before);
        assert_eq!(events.len(), 1);
        let changed = ReservationChanged::decode(events[0].2.as_slice()).unwrap();
        let reservation = changed.reservation.as_ref().unwrap();
        assert_eq!((changed.previous_state(), reservation.state()), (ReservationState::Committed, ReservationState::Committed));
        assert_eq!((reservation.lines[0].quantity, reservation.lines[0].consumed), (3, 2));
        inventory.end().await;
    }

    async fn a_reservation_is_told_by_stock_only_when_little_or_nothing_is_left(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 8), ("cup", 100)]).await;
        let before = inventory.events().await.len();
        for _ in 0..8 {
            inventory.reserve(inventory.new_id(), &[("mug", 1), ("cup", 1)]).await.unwrap();
        }
        let events = inventory.events().await.into_iter().skip(before);
        let stocks = events.filter(|(kind, ..)| kind == "souk.inventory.v1.StockChanged").map(|(_, key, payload)| {
            let StockChanged { stock, movement } = StockChanged::decode(payload.as_slice()).unwrap();
            let stock = stock.unwrap();
            (key, movement.unwrap().kind(), stock.on_hand - stock.reserved)
        });
        let mug = |left| ("mug".to_owned(), MovementKind::Reserved, left);
        assert_eq!(stocks.collect::<Vec<_>>(), [mug(5), mug(0)]);
        inventory.end().await;
    }

    async fn a_tombstone_is_told_to_nobody(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.release(inventory.new_id()).await.unwrap();
        assert_eq!(inventory.events().await, []);
        inventory.end().await;
    }
}
