//! What ReleaseReservation promises.

use souk_client::inventory::v1::ReservationState;
use souk_testkit::{Engine, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

on_each_engine! {
    async fn a_hold_and_a_committed_one_give_their_units_back(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let held = inventory.new_id();
        inventory.reserve(held, &[("mug", 2)]).await.unwrap();
        let committed = inventory.committed(&[("mug", 3)]).await;

        for id in [held, committed] {
            let released = inventory.release(id).await.unwrap();
            assert_eq!(released.state(), ReservationState::Released);
            assert_eq!(inventory.release(id).await.unwrap(), released, "a repeat");
        }
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn a_release_that_comes_first_refuses_the_reserve_that_comes_late(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        let tombstone = inventory.release(id).await.unwrap();
        assert_eq!((tombstone.state(), tombstone.lines.len()), (ReservationState::Released, 0));

        let late = inventory.reserve(id, &[("mug", 2)]).await;
        refused(late, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        refused(inventory.commit(id).await, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        assert_eq!(inventory.release(id).await.unwrap(), tombstone);
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn a_reserve_that_is_repeated_after_its_release_holds_nothing(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 2)]).await.unwrap();
        inventory.release(id).await.unwrap();

        assert_eq!(inventory.reserve(id, &[("mug", 2)]).await.unwrap().state(), ReservationState::Released);
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn what_was_consumed_cannot_be_released(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.consumed(&[("mug", 2)]).await;
        refused(inventory.release(id).await, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        assert_eq!(inventory.stock("mug").await, (3, 0));
        inventory.end().await;
    }

    async fn some_units_are_released_and_the_others_stay_reserved(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        let id = inventory.committed(&[("mug", 3), ("cup", 1)]).await;
        for _ in 0..2 {
            let part = inventory.release_some(id, "c1", &[("mug", 2)]).await.unwrap();
            assert_eq!(part.state(), ReservationState::Committed);
            assert_eq!(inventory.stock("mug").await, (5, 1));
        }
        let answer = inventory.release_some(id, "c2", &[("mug", 2)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_EXCEEDS_RESERVED");
        let all = inventory.release_some(id, "c2", &[("mug", 1), ("cup", 1)]).await.unwrap();
        assert_eq!(all.state(), ReservationState::Released);
        assert_eq!(inventory.release(id).await.unwrap(), all);
        let unknown = inventory.release_some(inventory.new_id(), "c1", &[("mug", 1)]).await;
        refused(unknown, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");
        inventory.end().await;
    }

    async fn the_rest_is_released_after_some_left(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        let id = inventory.committed(&[("mug", 3), ("cup", 1)]).await;
        inventory.consume_some(id, "p1", &[("mug", 1)]).await.unwrap();
        let rest = inventory.release(id).await.unwrap();
        assert_eq!(rest.state(), ReservationState::Consumed, "some of it left");
        let numbers: Vec<_> = rest.lines.iter().map(|line| (line.consumed, line.released)).collect();
        assert_eq!(numbers, [(0, 1), (1, 2)]);
        assert_eq!(inventory.get(id).await.unwrap(), rest);
        assert_eq!(inventory.release(id).await.unwrap(), rest, "a repeat");
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((4, 0), (5, 0)));
        inventory.give_back(id, "r1", &[("mug", 1)]).await.unwrap();
        inventory.end().await;
    }

    async fn a_hold_that_was_released_in_part_expires_with_the_rest(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 3)]).await.unwrap();
        inventory.release_some(id, "c1", &[("mug", 1)]).await.unwrap();
        inventory.clock.advance(std::time::Duration::from_secs(3600));
        let limit = crate::support::PATIENCE;
        souk_testkit::eventually(limit, || async { inventory.state(id).await == ReservationState::Expired }).await;
        assert_eq!(inventory.stock("mug").await, (5, 0));
        assert_eq!(inventory.get(id).await.unwrap().lines[0].released, 3);
        assert_eq!(inventory.movements("mug").await.last().unwrap().reserved_change, -2);
        inventory.end().await;
    }
}
