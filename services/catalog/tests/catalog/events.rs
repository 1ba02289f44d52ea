//! The events that a change leaves in the outbox: one for each change, in order, under the
//! product's key.

use prost::Message;
use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, TestDb, on_each_engine};

use crate::support::*;

struct Event {
    kind: String,
    subject: String,
    payload: Vec<u8>,
}

async fn outbox(database: &TestDb) -> Vec<Event> {
    const SQL: &str = "SELECT kind, subject, payload FROM souk_outbox ORDER BY seq";
    match database.file() {
        Some(file) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            let mut statement = connection.prepare(SQL).unwrap();
            let event = |row: &rusqlite::Row<'_>| {
                Ok(Event { kind: row.get(0)?, subject: row.get(1)?, payload: row.get(2)? })
            };
            statement.query_map([], event).unwrap().map(Result::unwrap).collect()
        }
        None => {
            use sea_orm::{ConnectionTrait, DbBackend, Statement};
            let connection = sea_orm::Database::connect(database.url()).await.unwrap();
            let rows = connection
                .query_all_raw(Statement::from_string(DbBackend::Postgres, SQL))
                .await
                .unwrap();
            let event = |row: &sea_orm::QueryResult| Event {
                kind: row.try_get("", "kind").unwrap(),
                subject: row.try_get("", "subject").unwrap(),
                payload: row.try_get("", "payload").unwrap(),
            };
            let events = rows.iter().map(event).collect();
            connection.close().await.unwrap();
            events
        }
    }
}

on_each_engine! {
    async fn each_change_is_told_once_and_in_order(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product_in("Rug", pb::ProductState::Draft).await;
        let variant = catalog.variant(&product, "RUG-1").await;
        let first = catalog.price(&variant, "GBP", 500).await;
        let set = pb::CreatePriceRequest { set_default: true, ..new_price(&variant, "GBP", 450) };
        let second = catalog.staff.clone().create_price(set).await.unwrap().into_inner().price.unwrap();
        let archive = pb::ArchivePriceRequest { request_id: request_id(), price_id: first.price_id.clone() };
        catalog.staff.clone().archive_price(archive.clone()).await.unwrap();
        catalog.staff.clone().archive_price(archive).await.unwrap();
        let publish = pb::UpdateProductRequest {
            request_id: request_id(),
            product_id: product.product_id.clone(),
            update_mask: mask(&["state"]),
            state: pb::ProductState::Active.into(),
            ..Default::default()
        };
        let published = catalog.update(publish).await.unwrap();

        let events = outbox(&catalog.service.databases()[0]).await;
        let kinds: Vec<&str> =
            events.iter().map(|event| event.kind.strip_prefix("souk.catalog.v1.").unwrap()).collect();
        let expected = [
            "ProductCreated",
            "VariantCreated",
            "PriceCreated",
            "PriceCreated",
            "DefaultPriceChanged",
            "PriceArchived",
            "ProductUpdated",
        ];
        assert_eq!(kinds, expected);
        assert!(events.iter().all(|event| event.subject == product.product_id));
        let changed = pb::DefaultPriceChanged::decode(&*events[4].payload).unwrap();
        assert_eq!((changed.price, changed.previous_price_id), (Some(second), first.price_id));
        let updated = pb::ProductUpdated::decode(&*events[6].payload).unwrap();
        assert_eq!(updated.previous_state(), pb::ProductState::Draft);
        assert_eq!(updated.product, Some(published));
        catalog.finish().await;
    }

    async fn a_refusal_leaves_no_event(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (product, variant, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let before = catalog.service.row_counts().await;
        let taken = catalog.staff.clone().create_variant(new_variant(&product, "RUG-1")).await;
        refused(taken, Code::AlreadyExists, "ERROR_REASON_SKU_EXISTS");
        let taken = pb::CreatePriceRequest { price_id: price.price_id.clone(), ..new_price(&variant, "GBP", 1) };
        refused(catalog.staff.clone().create_price(taken).await, Code::AlreadyExists, "ERROR_REASON_PRICE_EXISTS");
        let archive = pb::ArchivePriceRequest { request_id: request_id(), price_id: price.price_id };
        let answer = catalog.staff.clone().archive_price(archive).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRICE_IS_DEFAULT");
        assert_eq!(catalog.service.row_counts().await, before);
        catalog.finish().await;
    }
}
