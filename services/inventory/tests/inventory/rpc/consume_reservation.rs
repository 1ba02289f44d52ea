//! What ConsumeReservation promises.

use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, metadata_of, on_each_engine};
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
        let sale = pb::CreateReservationRequest { effective_time, ..reserve_request(id, &[("mug", 2)]) };
        inventory.orders().create_reservation(sale).await.unwrap();
        inventory.commit(id).await.unwrap();
        let reservation_id = id.to_string();
        let request =
            pb::ConsumeReservationRequest { reservation_id, effective_time, ..Default::default() };
        inventory.orders().consume_reservation(request).await.unwrap();

        let movement = inventory.movements("mug").await.pop().unwrap();
        assert_eq!((movement.kind(), movement.effective_time), (pb::MovementKind::Consumed, effective_time));
        inventory.end().await;
    }

    async fn parts_leave_one_after_another_and_each_once(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        let id = inventory.committed(&[("mug", 3), ("cup", 1)]).await;
        let first = inventory.consume_some(id, "p1", &[("mug", 1), ("mug", 1)]).await.unwrap();
        assert_eq!(first.state(), ReservationState::Committed);
        assert_eq!(first.lines.iter().map(|line| line.consumed).collect::<Vec<_>>(), [0, 2]);
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((3, 1), (5, 1)));

        assert_eq!(inventory.consume_some(id, "p1", &[("mug", 2)]).await.unwrap(), first, "a repeat");
        inventory.clock.advance(std::time::Duration::from_secs(8 * 24 * 60 * 60));
        assert_eq!(inventory.consume_some(id, "p1", &[("mug", 2)]).await.unwrap(), first, "much later");
        let answer = inventory.consume_some(id, "p1", &[("mug", 1)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED");
        let answer = inventory.release_some(id, "p1", &[("mug", 2)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED");

        let answer = inventory.consume_some(id, "p2", &[("cup", 1), ("mug", 2)]).await;
        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_EXCEEDS_RESERVED");
        let facts = metadata_of(&status);
        assert_eq!((facts["sku"].as_str(), facts["held"].as_str()), ("mug", "1"));
        let last = inventory.consume_some(id, "p2", &[("cup", 1), ("mug", 1)]).await.unwrap();
        assert_eq!(last.state(), ReservationState::Consumed);
        assert_eq!(inventory.consume(id).await.unwrap(), last);
        assert_eq!(inventory.consume_some(id, "p1", &[("mug", 2)]).await.unwrap(), last);
        let answer = inventory.consume_some(id, "p3", &[("mug", 1)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((2, 0), (4, 0)));
        inventory.end().await;
    }

    async fn without_lines_all_that_is_held_leaves(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 4)]).await;
        inventory.consume_some(id, "p1", &[("mug", 1)]).await.unwrap();
        inventory.release_some(id, "p2", &[("mug", 1)]).await.unwrap();
        let consumed = inventory.consume(id).await.unwrap();
        assert_eq!(consumed.state(), ReservationState::Consumed);
        let line = &consumed.lines[0];
        assert_eq!((line.quantity, line.consumed, line.released), (4, 3, 1));
        assert_eq!(inventory.get(id).await.unwrap(), consumed);
        assert_eq!(inventory.stock("mug").await, (2, 0));
        let answer = inventory.give_back(id, "r1", &[("mug", 4)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RETURN_EXCEEDS_CONSUMED");
        inventory.give_back(id, "r1", &[("mug", 3)]).await.unwrap();
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn lines_and_a_key_come_together(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 2)]).await;
        for answer in [
            inventory.consume_some(id, "", &[("mug", 1)]).await,
            inventory.consume_some(id, "p1", &[]).await,
            inventory.release_some(id, "", &[("mug", 1)]).await,
        ] {
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(souk_testkit::field_violations(&status)[0].field, "request_id");
        }
        assert_eq!(inventory.stock("mug").await, (5, 2));
        inventory.end().await;
    }
}
