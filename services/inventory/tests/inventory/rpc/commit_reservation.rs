//! What CommitReservation promises.

use souk_client::inventory::v1::ReservationState;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

on_each_engine! {
    async fn a_committed_reservation_keeps_its_units(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 2)]).await.unwrap();
        let committed = inventory.commit(id).await.unwrap();

        assert_eq!(committed.state(), ReservationState::Committed);
        assert_eq!(inventory.stock("mug").await, (5, 2));
        assert_eq!(inventory.movements("mug").await.len(), 2, "a commit moves nothing");
        inventory.end().await;
    }

    async fn committing_again_changes_nothing(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 2)]).await;
        let events = inventory.rows("souk_outbox").await;
        let first = inventory.get(id).await.unwrap();
        inventory.clock.advance(std::time::Duration::from_secs(1));

        assert_eq!(inventory.commit(id).await.unwrap(), first);
        assert_eq!(inventory.rows("souk_outbox").await, events);
        let consumed = inventory.consume(id).await.unwrap();
        assert_eq!(inventory.commit(id).await.unwrap(), consumed);
        inventory.end().await;
    }

    async fn what_was_released_cannot_be_committed(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 2)]).await.unwrap();
        inventory.release(id).await.unwrap();

        let status = refused(inventory.commit(id).await, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        assert_eq!(metadata_of(&status)["state"], "RESERVATION_STATE_RELEASED");
        inventory.end().await;
    }

    async fn an_id_that_is_not_known_cannot_be_committed(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let answer = inventory.commit(inventory.new_id()).await;
        refused(answer, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");
        inventory.end().await;
    }
}
