//! What UpdateStockPolicy and GetStockPolicy promise.

use souk_client::inventory::v1::{self as pb, InventoryPolicy, ReservationState};
use souk_testkit::{Engine, field_violations, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, mask, refused, told};

fn policy(sku: &str, policy: InventoryPolicy, backorder_limit: i32) -> pb::StockPolicy {
    let policy = policy.into();
    pb::StockPolicy {
        sku: sku.into(),
        policy,
        backorder_limit,
        low_quantity: 5,
        ..Default::default()
    }
}

on_each_engine! {
    async fn a_sku_is_tracked_until_somebody_says_otherwise(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let get = pb::GetStockPolicyRequest { sku: "mug".into() };
        let initial = inventory.orders().get_stock_policy(get.clone()).await.unwrap().into_inner().stock_policy.unwrap();
        let expected = policy("mug", InventoryPolicy::Tracked, 0);
        assert_eq!(initial, pb::StockPolicy { backorder_location_id: "main".into(), ..expected });

        let set = inventory.set_policy(policy("mug", InventoryPolicy::Untracked, 0)).await.unwrap();
        assert_eq!((set.policy(), set.etag.as_str()), (InventoryPolicy::Untracked, "1"));
        assert_eq!(inventory.orders().get_stock_policy(get).await.unwrap().into_inner().stock_policy.unwrap(), set);
        inventory.end().await;
    }

    async fn a_change_of_what_somebody_else_changed_is_refused(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let low = |etag: &str, low_quantity, request_id: &str| pb::UpdateStockPolicyRequest {
            request_id: request_id.into(),
            stock_policy: Some(pb::StockPolicy {
                low_quantity,
                etag: etag.into(),
                ..policy("mug", InventoryPolicy::Unspecified, 7)
            }),
            update_mask: mask(&["low_quantity"]),
        };
        for _ in 0..2 {
            let set = inventory.staff().update_stock_policy(low("", 3, "u1")).await.unwrap().into_inner();
            let set = set.stock_policy.unwrap();
            assert_eq!((set.low_quantity, set.backorder_limit, set.etag.as_str()), (3, 0, "1"));
        }
        inventory.staff().update_stock_policy(low("1", 4, "u2")).await.unwrap();
        let answer = inventory.staff().update_stock_policy(low("1", 5, "u3")).await;
        let status = refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        assert_eq!(metadata_of(&status)["etag"], "2");
        inventory.end().await;
    }

    async fn what_cannot_be_set_is_named(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let answer = inventory.set_policy(policy("mug", InventoryPolicy::Unspecified, 0)).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(field_violations(&status)[0].field, "stock_policy.policy");
        let moon = policy("mug", InventoryPolicy::Backorder, 1);
        let answer = inventory.set_policy(pb::StockPolicy { backorder_location_id: "moon".into(), ..moon }).await;
        refused(answer, Code::NotFound, "ERROR_REASON_LOCATION_NOT_FOUND");
        inventory.end().await;
    }

    async fn what_needs_no_stock_is_reserved_without_any(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1)]).await;
        inventory.set_policy(policy("film", InventoryPolicy::Untracked, 0)).await.unwrap();
        let id = inventory.committed(&[("film", 1_000_000), ("mug", 1)]).await;
        let reserved = inventory.get(id).await.unwrap();
        assert_eq!(told(&reserved), [("film@".to_owned(), 1_000_000), ("mug@main".to_owned(), 1)]);
        assert!(reserved.lines[0].untracked && !reserved.lines[1].untracked);

        // What was reserved without stock stays so.
        inventory.set_policy(policy("film", InventoryPolicy::Tracked, 0)).await.unwrap();
        let answer = inventory.reserve(inventory.new_id(), &[("film", 1)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        inventory.consume_some(id, "p1", &[("film", 3)]).await.unwrap();
        let consumed = inventory.consume(id).await.unwrap();
        assert_eq!(consumed.state(), ReservationState::Consumed);
        let back = inventory.give_back(id, "r1", &[("film", 2)]).await.unwrap();
        assert_eq!(back.lines[0].returned, 2);
        assert_eq!(inventory.movements("film").await, []);
        assert_eq!(inventory.stock("film").await, (0, 0));
        inventory.end().await;
    }

    async fn stock_that_is_there_does_not_limit_what_is_untracked(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("film", 1)]).await;
        inventory.set_policy(policy("film", InventoryPolicy::Untracked, 0)).await.unwrap();
        inventory.reserve(inventory.new_id(), &[("film", 2)]).await.unwrap();
        assert_eq!(inventory.stock("film").await, (1, 0));
        inventory.end().await;
    }

    async fn units_are_sold_before_they_arrive_up_to_the_limit_and_leave_once_they_did(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.open_location("north", 0).await;
        inventory.receive("rug", 1).await;
        let north = "north".to_owned();
        let rug = pb::StockPolicy { backorder_location_id: north, ..policy("rug", InventoryPolicy::Backorder, 3) };
        inventory.set_policy(rug.clone()).await.unwrap();
        let id = inventory.committed(&[("rug", 3)]).await;
        assert_eq!(told(&inventory.get(id).await.unwrap()), [("rug@main".to_owned(), 1), ("rug@north".to_owned(), 2)]);
        assert_eq!(inventory.stock_at("rug", "north").await, (0, 2));
        let answer = inventory.reserve(inventory.new_id(), &[("rug", 2)]).await;
        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        assert_eq!(metadata_of(&status)["available"], "1");

        let answer = inventory.consume(id).await;
        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_STOCK_NOT_ON_HAND");
        let facts = metadata_of(&status);
        assert_eq!((facts["location_id"].as_str(), facts["on_hand"].as_str()), ("north", "0"));
        inventory.consume_some(id, "p1", &[("rug@main", 1)]).await.unwrap();

        // A stricter policy would break what was promised.
        let answer = inventory.set_policy(pb::StockPolicy { backorder_limit: 1, ..rug.clone() }).await;
        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_UNITS_BACKORDERED");
        assert_eq!(metadata_of(&status)["backordered"], "2");
        let answer = inventory.set_policy(pb::StockPolicy { backorder_location_id: String::new(), ..rug.clone() }).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_UNITS_BACKORDERED");
        assert_eq!(inventory.findings().await, Vec::<String>::new());

        inventory.receive_at("rug", "north", 2).await;
        inventory.consume(id).await.unwrap();
        assert_eq!(inventory.stock_at("rug", "north").await, (0, 0));
        inventory.set_policy(policy("rug", InventoryPolicy::Tracked, 3)).await.unwrap();
        let answer = inventory.reserve(inventory.new_id(), &[("rug", 1)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        inventory.end().await;
    }
}
