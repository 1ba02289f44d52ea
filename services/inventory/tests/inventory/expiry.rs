//! What happens to holds whose time is over.

use std::time::Duration;

use souk_client::inventory::v1::{MovementKind, ReservationState};
use souk_testkit::{Engine, eventually, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, TTL_SECONDS, refused};

const LIMIT: Duration = Duration::from_secs(60);
const TTL: Duration = Duration::from_secs(TTL_SECONDS as u64);

on_each_engine! {
    async fn a_hold_that_expires_gives_its_units_back(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let hold = inventory.new_id();
        let sold = inventory.committed(&[("mug", 1)]).await;
        inventory.reserve(hold, &[("mug", 2)]).await.unwrap();

        inventory.clock.advance(TTL);
        eventually(LIMIT, || async { inventory.state(hold).await == ReservationState::Expired }).await;

        assert_eq!(inventory.state(sold).await, ReservationState::Committed, "a commit is lasting");
        assert_eq!(inventory.stock("mug").await, (5, 1));
        let last = inventory.movements("mug").await.pop().unwrap();
        assert_eq!((last.kind(), last.reserved_change), (MovementKind::Expired, -2));
        refused(inventory.commit(hold).await, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        assert_eq!(inventory.release(hold).await.unwrap().state(), ReservationState::Expired, "nothing to take back");
        inventory.end().await;
    }

    async fn a_hold_does_not_expire_before_its_time(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let early = inventory.new_id();
        let late = inventory.new_id();
        inventory.reserve(early, &[("mug", 1)]).await.unwrap();
        inventory.clock.advance(Duration::from_micros(1));
        inventory.reserve(late, &[("mug", 1)]).await.unwrap();

        inventory.clock.advance(TTL - Duration::from_micros(1));
        eventually(LIMIT, || async { inventory.state(early).await == ReservationState::Expired }).await;
        assert_eq!(inventory.state(late).await, ReservationState::Held);
        inventory.end().await;
    }

    async fn more_holds_than_one_write_takes_expire_together(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 500), ("cup", 500)]).await;
        for _ in 0..250 {
            inventory.reserve(inventory.new_id(), &[("mug", 1), ("cup", 2)]).await.unwrap();
        }
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((500, 250), (500, 500)));

        inventory.clock.advance(TTL);
        eventually(LIMIT, || async { inventory.stock("cup").await == (500, 0) }).await;
        assert_eq!(inventory.stock("mug").await, (500, 0));
        assert_eq!(inventory.movements("mug").await.len(), 1 + 2 * 250, "one for each reservation");
        inventory.end().await;
    }
}
