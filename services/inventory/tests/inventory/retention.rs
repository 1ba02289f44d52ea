//! What is deleted once it has been kept long enough, and what is kept.

use std::time::Duration;

use souk_testkit::{Engine, eventually, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

const LIMIT: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

on_each_engine! {
    async fn finished_reservations_are_deleted_after_their_time_and_movements_are_kept(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 50)]).await;
        let consumed = inventory.consumed(&[("mug", 1)]).await;
        let committed = inventory.committed(&[("mug", 1)]).await;
        let released = inventory.new_id();
        let expired = inventory.new_id();
        let tombstone = inventory.new_id();
        inventory.reserve(released, &[("mug", 1)]).await.unwrap();
        inventory.release(released).await.unwrap();
        inventory.release(tombstone).await.unwrap();
        inventory.reserve(expired, &[("mug", 1)]).await.unwrap();
        inventory.clock.advance(Duration::from_secs(3600));
        eventually(LIMIT, || async { inventory.stock("mug").await == (49, 1) }).await;
        let movements = inventory.rows("movement").await;

        inventory.clock.advance(30 * DAY);
        eventually(LIMIT, || async { inventory.rows("reservation").await == 3 }).await;
        for id in [released, tombstone] {
            refused(inventory.get(id).await, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");
        }
        inventory.get(expired).await.expect("it expired an hour later than the others ended");
        inventory.give_back(consumed, "r1", &[("mug", 1)]).await.unwrap();

        inventory.clock.advance(370 * DAY);
        eventually(LIMIT, || async { inventory.rows("reservation").await == 1 }).await;
        inventory.get(committed).await.expect("what is promised is kept for ever");
        assert_eq!(inventory.rows("reservation_line").await, 1);
        assert_eq!(inventory.rows("movement").await, movements + 1);
        inventory.end().await;
    }

    async fn more_than_one_write_takes_is_deleted_and_so_are_old_records(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        for _ in 0..1_100 {
            inventory.release(inventory.new_id()).await.unwrap();
        }
        inventory.committed(&[("mug", 1)]).await;
        assert_eq!((inventory.rows("reservation").await, inventory.rows("souk_requests").await), (1_101, 1));
        let events = inventory.rows("souk_outbox").await;

        inventory.clock.advance(31 * DAY);
        eventually(LIMIT, || async { inventory.rows("reservation").await == 1 }).await;
        eventually(LIMIT, || async { inventory.rows("souk_requests").await == 0 }).await;
        assert_eq!(inventory.rows("souk_outbox").await, events, "what the bus has not got is kept");
        inventory.end().await;
    }
}
