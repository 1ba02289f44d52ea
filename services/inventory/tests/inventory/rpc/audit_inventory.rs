//! What AuditInventory promises: it finds what was changed behind the service's back.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn an_untouched_database_has_no_findings_and_is_counted(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 2)]).await;
        inventory.committed(&[("mug", 2), ("cup", 1)]).await;
        let audit = inventory.staff().audit_inventory(pb::AuditInventoryRequest {}).await.unwrap().into_inner();

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

    async fn a_return_of_what_was_not_consumed_is_found(engine: Engine) {
        let mut inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        inventory.committed(&[("mug", 2)]).await;
        inventory.tamper("UPDATE reservation_line SET returned = 1").await.unwrap();
        assert_eq!(inventory.findings().await, ["only consumed units come back: mug@main"]);
        inventory.service.stop().await;
    }
}
