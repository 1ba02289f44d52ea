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
}
