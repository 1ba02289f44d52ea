//! What the tables reject by themselves, for any writer.

use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn movements_can_only_be_added(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let mut attempts = vec!["UPDATE movement SET note = 'other'", "DELETE FROM movement"];
        if engine == Engine::Postgres {
            attempts.push("TRUNCATE movement");
        }
        for sql in attempts {
            let refusal = inventory.tamper(sql).await.expect_err(sql);
            assert!(refusal.contains("append-only"), "{sql}: {refusal}");
        }
        inventory.end().await;
    }

    async fn no_stock_can_be_negative_or_over_promised(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        for sql in ["UPDATE stock SET reserved = 6", "UPDATE stock SET reserved = -1", "UPDATE stock SET on_hand = -1", "UPDATE stock SET backorder_limit = -1"] {
            let refusal = inventory.tamper(sql).await.expect_err(sql);
            assert!(refusal.contains("stock_is_not_over_promised"), "{sql}: {refusal}");
        }
        inventory.end().await;
    }
}
