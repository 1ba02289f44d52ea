//! What Reserve promises.

use std::time::Duration;

use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{Inventory, START, TTL_SECONDS, refused, reserve_request};

on_each_engine! {
    async fn lines_are_held_until_the_time_to_live_ends(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 2)]).await;
        let id = inventory.new_id();
        let held = inventory.reserve(id, &[("mug", 2), ("cup", 1), ("mug", 1)]).await.unwrap();

        let lines: Vec<_> = held.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
        assert_eq!((held.reservation_id, lines), (id.to_string(), vec![("cup", 1), ("mug", 3)]));
        let end = START.plus(Duration::from_secs(TTL_SECONDS as u64));
        assert_eq!((held.state, held.expire_time), (ReservationState::Held as i32, Some(end.into())));
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((5, 3), (2, 1)));
        inventory.end().await;
    }

    async fn the_sum_of_the_lines_of_one_sku_is_what_counts(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1)]).await;
        let answer = inventory.reserve(inventory.new_id(), &[("mug", 1), ("mug", 1)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        let facts = metadata_of(&status);
        assert_eq!((facts["requested"].as_str(), facts["available"].as_str()), ("2", "1"));
        inventory.end().await;
    }

    async fn nothing_is_held_and_everything_short_is_told_when_one_line_is_short(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("cup", 2), ("mug", 5)]).await;
        let before = inventory.service.row_counts().await;
        let answer = inventory.reserve(inventory.new_id(), &[("mug", 5), ("cup", 3), ("moon", 1)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        let short = status.get_details_precondition_failure().unwrap().violations;
        let short: Vec<_> = short.iter().map(|each| (each.subject.as_str(), each.description.as_str())).collect();
        let expected =
            [("cup@main", "requested 3, available 2"), ("moon@main", "requested 1, available 0")];
        assert_eq!(short, expected);
        assert_eq!(inventory.service.row_counts().await, before);
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn reserving_again_answers_what_stands_and_holds_nothing_more(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        let first = inventory.reserve(id, &[("mug", 1), ("mug", 2)]).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3)]).await.unwrap(), first, "the sums are the same");
        let committed = inventory.commit(id).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3)]).await.unwrap(), committed);
        let released = inventory.release(id).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3)]).await.unwrap(), released);

        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn an_id_that_is_taken_by_other_lines_is_refused(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 3)]).await.unwrap();
        let answer = inventory.reserve(id, &[("mug", 2)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_DIFFERS");
        assert_eq!(metadata_of(&status)["reservation_id"], id.to_string());
        assert_eq!(inventory.stock("mug").await, (5, 3));
        inventory.end().await;
    }

    async fn locations_have_stock_of_their_own(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let mut request = reserve_request(inventory.new_id(), &[("mug", 1)]);
        request.lines[0].location_id = "north".into();
        let answer = inventory.orders().reserve(request).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        assert_eq!(metadata_of(&status)["location_id"], "north");
        inventory.end().await;
    }

    async fn a_thousand_lines_are_held_and_told_again(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let skus: Vec<String> = (0..1000).map(|number| format!("sku-{number}")).collect();
        let items = skus.iter().map(|sku| pb::ReceivedItem { sku: sku.clone(), location_id: String::new(), quantity: 2 });
        let receipt = pb::ReceiveStockRequest { request_id: "r1".into(), items: items.collect(), effective_time: None };
        inventory.staff().receive_stock(receipt).await.unwrap();

        let id = inventory.new_id();
        let lines: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 2)).collect();
        let held = inventory.reserve(id, &lines).await.unwrap();
        assert_eq!(held.lines.len(), 1000);
        assert_eq!(inventory.get(id).await.unwrap(), held);
        let answer = inventory.reserve(inventory.new_id(), &lines).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        inventory.end().await;
    }

    async fn a_sale_keeps_the_time_it_had_in_the_world(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let ahead = START.plus(Duration::from_secs(3)).into();
        for effective_time in [at(1_291_191_960), Some(ahead)] {
            let request = reserve_request(inventory.new_id(), &[("mug", 1)]);
            inventory.orders().reserve(pb::ReserveRequest { effective_time, ..request }).await.unwrap();
        }

        let times = inventory.movements("mug").await.into_iter().skip(1).map(|movement| movement.effective_time);
        assert_eq!(times.collect::<Vec<_>>(), [at(1_291_191_960), Some(START.into())], "ahead of us is now");
        inventory.end().await;
    }
}
