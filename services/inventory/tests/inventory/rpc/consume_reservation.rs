//! What ConsumeReservation promises.

use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused, reserve_request};

on_each_engine! {
    async fn consumed_units_leave_the_stock_once(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        let id = inventory.committed(&[("mug", 2), ("cup", 1)]).await;
        let consumed = inventory.consume(id).await.unwrap();

        assert_eq!(consumed.state(), ReservationState::Consumed);
        assert_eq!(inventory.consume(id).await.unwrap(), consumed, "a repeat");
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((3, 0), (4, 0)));
        inventory.end().await;
    }

    async fn a_hold_has_to_be_committed_first(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 2)]).await.unwrap();
        refused(inventory.consume(id).await, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        inventory.end().await;
    }

    async fn what_is_not_known_or_was_released_cannot_be_consumed(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let answer = inventory.consume(inventory.new_id()).await;
        refused(answer, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");
        let id = inventory.committed(&[("mug", 2)]).await;
        inventory.release(id).await.unwrap();
        refused(inventory.consume(id).await, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        inventory.end().await;
    }

    async fn units_leave_at_the_time_they_left_in_the_world(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let effective_time = Some(prost_types::Timestamp { seconds: 1_291_191_960, nanos: 0 });
        let id = inventory.new_id();
        let sale = pb::ReserveRequest { effective_time, ..reserve_request(id, &[("mug", 2)]) };
        inventory.orders().reserve(sale).await.unwrap();
        inventory.commit(id).await.unwrap();
        let reservation_id = id.to_string();
        let request = pb::ConsumeReservationRequest { reservation_id, effective_time };
        inventory.orders().consume_reservation(request).await.unwrap();

        let movement = inventory.movements("mug").await.pop().unwrap();
        assert_eq!((movement.kind(), movement.effective_time), (pb::MovementKind::Consumed, effective_time));
        inventory.end().await;
    }
}
