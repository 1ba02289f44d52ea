//! What ReturnStock promises.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

on_each_engine! {
    async fn units_come_back_on_hand_and_are_counted_on_the_line(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        let id = inventory.consumed(&[("mug", 3), ("cup", 1)]).await;
        inventory.give_back(id, "r1", &[("mug", 1), ("mug", 1)]).await.unwrap();
        let reservation = inventory.give_back(id, "r2", &[("cup", 1), ("mug", 1)]).await.unwrap();

        let returned: Vec<_> = reservation.lines.iter().map(|line| (line.sku.as_str(), line.returned)).collect();
        assert_eq!(returned, [("cup", 1), ("mug", 3)]);
        assert_eq!(inventory.get(id).await.unwrap(), reservation);
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((5, 0), (5, 0)));
        let last = inventory.movements("mug").await.pop().unwrap();
        assert_eq!((last.kind(), last.on_hand_change, last.reservation_id), (pb::MovementKind::Returned, 1, id.to_string()));
        inventory.end().await;
    }

    async fn returning_twice_with_one_request_id_returns_once(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.consumed(&[("mug", 3)]).await;
        let first = inventory.give_back(id, "r1", &[("mug", 1)]).await.unwrap();
        inventory.give_back(id, "r2", &[("mug", 1)]).await.unwrap();

        assert_eq!(inventory.give_back(id, "r1", &[("mug", 1)]).await.unwrap(), first);
        assert_eq!(inventory.stock("mug").await, (4, 0));
        inventory.end().await;
    }

    async fn more_than_was_consumed_does_not_come_back(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        let id = inventory.consumed(&[("mug", 3), ("cup", 1)]).await;
        inventory.give_back(id, "r1", &[("mug", 2)]).await.unwrap();
        let answer = inventory.give_back(id, "r2", &[("cup", 1), ("mug", 2)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_RETURN_EXCEEDS_CONSUMED");
        let facts = metadata_of(&status);
        assert_eq!((facts["sku"].as_str(), facts["returnable"].as_str()), ("mug", "1"));
        assert_eq!(inventory.stock("cup").await, (4, 0), "all lines or none");
        inventory.end().await;
    }

    async fn what_was_not_consumed_does_not_come_back(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 3)]).await;
        let answer = inventory.give_back(id, "r1", &[("mug", 1)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_STATE");
        let answer = inventory.give_back(inventory.new_id(), "r2", &[("mug", 1)]).await;
        refused(answer, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");

        // A refusal is not recorded: the same request succeeds once the world has changed.
        inventory.consume(id).await.unwrap();
        inventory.give_back(id, "r1", &[("mug", 1)]).await.unwrap();
        inventory.end().await;
    }

    async fn what_left_in_part_comes_back_before_the_rest_leaves(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 3)]).await;
        inventory.consume_some(id, "p1", &[("mug", 2)]).await.unwrap();
        let answer = inventory.give_back(id, "r1", &[("mug", 3)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RETURN_EXCEEDS_CONSUMED");
        inventory.give_back(id, "r1", &[("mug", 1)]).await.unwrap();
        assert_eq!(inventory.stock("mug").await, (4, 1));
        let consumed = inventory.consume(id).await.unwrap();
        assert_eq!((consumed.lines[0].consumed, consumed.lines[0].returned), (3, 1));
        inventory.end().await;
    }
}
