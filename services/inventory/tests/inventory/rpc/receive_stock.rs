//! What ReceiveStock promises.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, field_violations, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, START, refused};

fn receipt(request_id: &str, items: &[(&str, &str, i32)]) -> pb::ReceiveStockRequest {
    let items = items.iter().map(|&(sku, location_id, quantity)| pb::ReceivedItem {
        sku: sku.into(),
        location_id: location_id.into(),
        quantity,
    });
    pb::ReceiveStockRequest {
        request_id: request_id.into(),
        items: items.collect(),
        effective_time: None,
    }
}

on_each_engine! {
    async fn items_of_one_stock_are_added_up_and_every_stock_is_answered(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1)]).await;
        let request = receipt("r1", &[("mug", "", 2), ("cup", "main", 5), ("mug", "main", 3)]);
        let stock = inventory.staff().receive_stock(request).await.unwrap().into_inner().stock;

        let told: Vec<_> = stock.iter().map(|stock| (stock.sku.as_str(), stock.on_hand, stock.reserved)).collect();
        assert_eq!(told, [("cup", 5, 0), ("mug", 6, 0)]);
        assert_eq!(inventory.movements("mug").await.len(), 2);
        inventory.end().await;
    }

    async fn receiving_twice_with_one_request_id_receives_once(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let request = receipt("r1", &[("mug", "", 2)]);
        let first = inventory.staff().receive_stock(request.clone()).await.unwrap().into_inner();
        inventory.receive("mug", 5).await;
        let second = inventory.staff().receive_stock(request).await.unwrap().into_inner();

        assert_eq!(first, second);
        assert_eq!(inventory.stock("mug").await, (7, 0));
        inventory.end().await;
    }

    async fn a_request_id_is_not_taken_for_other_items(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.staff().receive_stock(receipt("r1", &[("mug", "", 2)])).await.unwrap();
        let answer = inventory.staff().receive_stock(receipt("r1", &[("mug", "", 3)])).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED");
        assert_eq!(status.message(), "the request_id was used before with another request");
        assert_eq!(field_violations(&status)[0].field, "request_id");
        assert_eq!(inventory.stock("mug").await, (2, 0));
        inventory.end().await;
    }

    async fn nothing_arrives_when_one_location_does_not_exist(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let answer = inventory.staff().receive_stock(receipt("r1", &[("mug", "", 2), ("cup", "moon", 1)])).await;

        let status = refused(answer, Code::NotFound, "ERROR_REASON_LOCATION_NOT_FOUND");
        assert_eq!(metadata_of(&status)["location_id"], "moon");
        assert_eq!((inventory.rows("stock").await, inventory.rows("souk_outbox").await), (0, 0));
        inventory.end().await;
    }

    async fn history_can_be_received_and_the_future_cannot(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let past = pb::ReceiveStockRequest { effective_time: at(1_291_191_960), ..receipt("r1", &[("mug", "", 2)]) };
        inventory.staff().receive_stock(past).await.unwrap();
        let now = START.as_micros() / 1_000_000;
        let future = pb::ReceiveStockRequest { effective_time: at(now + 1), ..receipt("r2", &[("mug", "", 2)]) };
        let answer = inventory.staff().receive_stock(future).await;

        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(field_violations(&status)[0].field, "effective_time");
        let movements = inventory.movements("mug").await;
        assert_eq!((movements[0].create_time, movements[0].effective_time), (Some(START.into()), at(1_291_191_960)));
        assert_eq!(movements.len(), 1);
        inventory.end().await;
    }

    async fn a_thousand_items_arrive_in_one_call_with_an_event_each(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let skus: Vec<String> = (0..1000).map(|number| format!("sku-{number}")).collect();
        let items: Vec<_> = skus.iter().map(|sku| (sku.as_str(), "", 1)).collect();
        inventory.staff().receive_stock(receipt("r1", &items)).await.unwrap();

        assert_eq!((inventory.rows("stock").await, inventory.rows("souk_outbox").await), (1000, 1000));
        inventory.end().await;
    }
}
