//! What AdjustStock promises.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

fn adjustment(request_id: &str, sku: &str, on_hand_change: i32) -> pb::AdjustStockRequest {
    pb::AdjustStockRequest {
        request_id: request_id.into(),
        sku: sku.into(),
        location_id: String::new(),
        on_hand_change,
        note: "counted".into(),
    }
}

on_each_engine! {
    async fn a_count_corrects_the_units_on_hand_and_is_noted(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let answer = inventory.staff().adjust_stock(adjustment("a1", "mug", -2)).await.unwrap().into_inner();

        assert_eq!(answer.stock.unwrap().on_hand, 3);
        let movement = inventory.movements("mug").await.pop().unwrap();
        assert_eq!((movement.kind(), movement.on_hand_change), (pb::MovementKind::Adjusted, -2));
        assert_eq!(movement.note, "counted");
        inventory.end().await;
    }

    async fn adjusting_twice_with_one_request_id_adjusts_once(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let first = inventory.staff().adjust_stock(adjustment("a1", "mug", 4)).await.unwrap().into_inner();
        let second = inventory.staff().adjust_stock(adjustment("a1", "mug", 4)).await.unwrap().into_inner();

        assert_eq!(first, second);
        assert_eq!(inventory.stock("mug").await, (9, 0));
        inventory.end().await;
    }

    async fn what_is_promised_cannot_be_adjusted_away(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.reserve(inventory.new_id(), &[("mug", 3)]).await.unwrap();
        let answer = inventory.staff().adjust_stock(adjustment("a1", "mug", -3)).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_STOCK_WOULD_FALL_SHORT");
        let facts = metadata_of(&status);
        assert_eq!((facts["on_hand"].as_str(), facts["reserved"].as_str()), ("5", "3"));
        assert_eq!(inventory.stock("mug").await, (5, 3));
        inventory.end().await;
    }

    async fn what_was_never_received_cannot_be_adjusted(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let answer = inventory.staff().adjust_stock(adjustment("a1", "mug", 1)).await;
        refused(answer, Code::NotFound, "ERROR_REASON_STOCK_NOT_FOUND");
        inventory.end().await;
    }
}
