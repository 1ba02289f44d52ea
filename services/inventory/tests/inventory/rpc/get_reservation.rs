//! What GetReservation promises.

use souk_testkit::{Engine, domain_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

on_each_engine! {
    async fn a_reservation_is_told_as_it_was_answered_last(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        let held = inventory.reserve(id, &[("mug", 2)]).await.unwrap();
        assert_eq!(inventory.get(id).await.unwrap(), held);
        inventory.clock.advance(std::time::Duration::from_secs(1));
        let committed = inventory.commit(id).await.unwrap();
        assert_eq!(inventory.get(id).await.unwrap(), committed);
        assert_ne!(committed.update_time, held.update_time);
        inventory.end().await;
    }

    async fn an_id_that_is_not_known_is_not_found(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let answer = inventory.get(inventory.new_id()).await;
        let status = refused(answer, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");
        assert_eq!(domain_of(&status), "souk.inventory");
        inventory.end().await;
    }
}
