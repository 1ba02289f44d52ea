//! The invariants of inventory: what was changed behind the service's back is found.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn an_untouched_database_has_no_findings_and_is_counted(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 2)]).await;
        inventory.committed(&[("mug", 2), ("cup", 1)]).await;
        let audit = inventory.service.invariants().await;

        assert_eq!(audit.findings, []);
        let counts: Vec<_> = audit.counts.iter().map(|count| (count.what.as_str(), count.count)).collect();
        let expected =
            [("stocks", 2), ("units_on_hand", 7), ("units_reserved", 3), ("reservations", 1), ("movements", 4)];
        assert_eq!(counts, expected);
        inventory.end().await;
    }

    async fn stock_that_its_movements_do_not_explain_is_found(engine: Engine) {
        let mut inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.tamper("UPDATE stock SET on_hand = on_hand + 1").await.unwrap();
        assert_eq!(inventory.findings().await, ["movements add up to the stock: mug@main"]);
        inventory.service.stop().await;
    }

    async fn units_that_nobody_promised_are_found(engine: Engine) {
        let mut inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.committed(&[("mug", 2)]).await;
        inventory.tamper("UPDATE reservation SET state = 4").await.unwrap();
        assert_eq!(inventory.findings().await, ["reserved is what reservations promise: mug@main"]);
        inventory.service.stop().await;
    }

    async fn a_hold_that_does_not_end_is_found_and_can_be_released(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 2)]).await;
        // A hold whose time was over two hours ago, and which the expiry does not see yet.
        let expire_time = inventory.clock.now().minus(std::time::Duration::from_secs(7200)).as_micros();
        let sql = format!("UPDATE reservation SET expire_time = {expire_time}");
        inventory.tamper(&sql).await.unwrap();
        assert_eq!(inventory.findings().await, Vec::<String>::new(), "it is committed");
        inventory.tamper("UPDATE reservation SET state = 1").await.unwrap();
        // The expiry may be quicker than the audit; what is left is stock that is free.
        let findings = inventory.findings().await;
        assert!(findings.is_empty() || findings == [format!("a hold ends when its time is over: {id}")], "{findings:?}");
        let repair_note = "it held stock for nothing".to_owned();
        let reservation_id = id.to_string();
        let repair = pb::ReleaseReservationRequest { reservation_id, repair_note, ..Default::default() };
        inventory.staff().release_reservation(repair).await.unwrap();
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn what_the_audit_finds_in_a_stock_can_be_repaired(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        inventory.committed(&[("mug", 2)]).await;
        let repair = |request_id: &str, sku: &str| pb::RepairStockRequest {
            request_id: request_id.into(),
            sku: sku.into(),
            location_id: String::new(),
            note: "the disk lost a page".into(),
        };
        let sound = inventory.staff().repair_stock(repair("r0", "mug")).await.unwrap().into_inner();
        assert_eq!(sound.movement, None);

        inventory.tamper("UPDATE stock SET reserved = 4 WHERE sku = 'mug'").await.unwrap();
        inventory.tamper("UPDATE stock SET on_hand = 9 WHERE sku = 'cup'").await.unwrap();
        assert_eq!(inventory.findings().await.len(), 3);
        for (request_id, sku, stock, change) in [("r1", "mug", (5, 2), (0, 0)), ("r2", "cup", (9, 0), (4, 0))] {
            let repaired = inventory.staff().repair_stock(repair(request_id, sku)).await.unwrap().into_inner();
            let movement = repaired.movement.unwrap();
            assert_eq!((movement.on_hand_change, movement.reserved_change), change);
            assert_eq!(movement.note, "the disk lost a page");
            assert_eq!(inventory.stock(sku).await, stock);
        }
        // More is promised than is there: a count comes first.
        inventory.tamper("UPDATE stock SET on_hand = 1, reserved = 0 WHERE sku = 'mug'").await.unwrap();
        let answer = inventory.staff().repair_stock(repair("r3", "mug")).await;
        crate::support::refused(answer, tonic::Code::FailedPrecondition, "ERROR_REASON_STOCK_WOULD_FALL_SHORT");
        inventory.receive("mug", 4).await;
        inventory.staff().repair_stock(repair("r3", "mug")).await.unwrap();
        assert_eq!(inventory.stock("mug").await, (5, 2));
        inventory.end().await;
    }

    async fn a_return_of_what_was_not_consumed_is_found(engine: Engine) {
        let mut inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.committed(&[("mug", 2)]).await;
        inventory.tamper("UPDATE reservation_line SET returned = 1").await.unwrap();
        assert_eq!(inventory.findings().await, ["only consumed units come back: mug@main"]);
        inventory.service.stop().await;
    }

    async fn a_limit_that_no_policy_gave_is_found(engine: Engine) {
        let mut inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.tamper("UPDATE stock SET backorder_limit = 3").await.unwrap();
        assert_eq!(inventory.findings().await, ["backorder limits are those of the policies: mug@main"]);
        let policy = pb::StockPolicy {
            sku: "mug".into(),
            policy: pb::InventoryPolicy::Tracked.into(),
            ..Default::default()
        };
        inventory.set_policy(policy).await.unwrap();
        assert_eq!(inventory.findings().await, Vec::<String>::new());
        inventory.service.stop().await;
    }

    async fn a_part_that_did_not_leave_is_found(engine: Engine) {
        let mut inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.committed(&[("mug", 2)]).await;
        inventory.tamper("UPDATE reservation_line SET consumed = 1").await.unwrap();
        assert_eq!(inventory.findings().await, ["reserved is what reservations promise: mug@main"]);
        inventory.service.stop().await;
    }
}
