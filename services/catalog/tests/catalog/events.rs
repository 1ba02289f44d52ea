//! The events that a change leaves in the outbox: one for each change, in order, under the
//! product's key.

use prost::Message;
use souk_client::catalog::v1 as pb;
use souk_client::types::v1::{Actor, ActorKind};
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
        let set = pb::Price { is_default: true, ..new_price(&variant, "GBP", 450) };
        let second = catalog.staff.clone().create_price(create_price(set)).await.unwrap().into_inner().price.unwrap();
        let archive = pb::ArchivePriceRequest { request_id: request_id(), price_id: first.price_id.clone() };
        catalog.staff.clone().archive_price(archive.clone()).await.unwrap();
        catalog.staff.clone().archive_price(archive).await.unwrap();
        let published = catalog.publish(&product).await.unwrap();
        catalog.publish(&product).await.unwrap();
        let disabled = catalog.set_variant(&variant, pb::VariantState::Disabled).await.unwrap();
        catalog.set_variant(&variant, pb::VariantState::Disabled).await.unwrap();
        catalog.clear_default(&variant, "GBP", "").await.unwrap();
        catalog.clear_default(&variant, "GBP", "").await.unwrap();
        let set = pb::SetDefaultPriceRequest { request_id: request_id(), price_id: second.price_id.clone() };
        catalog.staff.clone().set_default_price(set).await.unwrap();

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
            "VariantUpdated",
            "DefaultPriceCleared",
            "DefaultPriceChanged",
        ];
        assert_eq!(kinds, expected);
        assert!(events.iter().all(|event| event.subject == product.product_id));
        let actor = Some(Actor { kind: ActorKind::Staff.into(), id: "ann".to_owned() });
        let created = pb::ProductCreated::decode(&*events[0].payload).unwrap();
        assert_eq!(created.actor, actor);
        let changed = pb::DefaultPriceChanged::decode(&*events[4].payload).unwrap();
        assert_eq!(changed.actor, actor);
        assert_eq!(changed.previous_unit_price, first.unit_price);
        assert_eq!((changed.price, changed.previous_price_id), (Some(second.clone()), first.price_id));
        let updated = pb::ProductUpdated::decode(&*events[6].payload).unwrap();
        assert_eq!(updated.previous_state(), pb::ProductState::Draft);
        assert_eq!(updated.product, Some(published));
        assert_eq!(updated.actor, actor.clone());
        let updated = pb::VariantUpdated::decode(&*events[7].payload).unwrap();
        assert_eq!(updated.previous_state(), pb::VariantState::Active);
        assert_eq!(updated.variant, Some(pb::Variant { default_prices: vec![], ..disabled }));
        let cleared = pb::DefaultPriceCleared::decode(&*events[8].payload).unwrap().price.unwrap();
        assert_eq!(cleared.price_id, second.price_id);
        assert!(!cleared.is_default && cleared.audience() == pb::PriceAudience::Restricted);
        let changed = pb::DefaultPriceChanged::decode(&*events[9].payload).unwrap();
        assert_eq!(changed.previous_unit_price, None);
        assert_eq!((changed.price, &*changed.previous_price_id), (Some(second), ""));
        catalog.finish().await;
    }

    async fn a_refusal_leaves_no_event(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (product, variant, price) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let before = catalog.service.row_counts().await;
        let taken = catalog.staff.clone().create_variant(create_variant(new_variant(&product, "RUG-1"))).await;
        refused(taken, Code::AlreadyExists, "ERROR_REASON_SKU_EXISTS");
        let taken = pb::Price { price_id: price.price_id.clone(), ..new_price(&variant, "GBP", 1) };
        refused(catalog.staff.clone().create_price(create_price(taken)).await, Code::AlreadyExists, "ERROR_REASON_PRICE_EXISTS");
        let archive = pb::ArchivePriceRequest { request_id: request_id(), price_id: price.price_id };
        let answer = catalog.staff.clone().archive_price(archive).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_PRICE_IS_DEFAULT");
        assert_eq!(catalog.service.row_counts().await, before);
        catalog.finish().await;
    }
}

/// What programs wrote before products had metadata, variants states, and prices channels.
#[test]
fn events_of_earlier_programs_are_read() {
    let product =
        b"\nI\n\"product_01h455vb4pex5vsknk084sn02q\x12\x03Rug \x02*\x0c\n\x04room\x12\x04hall\
        2\x03RUG:\x012B\x02\x08\x05J\x02\x08\x06\x10\x01";
    let told = pb::ProductUpdated::decode(&product[..]).unwrap();
    let product = told.product.clone().unwrap();
    assert_eq!((product.product_id, product.title.as_str()), (unknown("product"), "Rug"));
    assert_eq!((product.external_key.as_str(), product.etag.as_str()), ("RUG", "2"));
    assert_eq!(
        (product.labels["room"].as_str(), product.update_time.unwrap().seconds),
        ("hall", 6)
    );
    assert_eq!(told.previous_state(), pb::ProductState::Draft);

    let variant =
        b"\nr\n\"variant_01h455vb4pex5vsknk084sn02q\x12\"product_01h455vb4pex5vsknk084sn02q\
        \x1a\x05RUG-1\"\x05large*\x0f\n\x04size\x12\x07200x300:\x011B\x02\x08\x05J\x02\x08\x06";
    let variant = pb::VariantCreated::decode(&variant[..]).unwrap().variant.unwrap();
    assert_eq!(
        (variant.product_id.as_str(), variant.sku.as_str()),
        (&*unknown("product"), "RUG-1")
    );
    assert_eq!((variant.attributes["size"].as_str(), variant.etag.as_str()), ("200x300", "1"));
    assert_eq!(variant.state(), pb::VariantState::Unspecified);

    let price =
        b"\n\x87\x01\n price_01h455vb4pex5vsknk084sn02q\x12\"variant_01h455vb4pex5vsknk084sn02q\
        \x1a\x05RUG-1\"\x08\n\x03GBP\x10\xf4\x03(\x01:\x02\x08\x05B\x02\x08\x04H\x01\
        R\"product_01h455vb4pex5vsknk084sn02q";
    let price = pb::PriceCreated::decode(&price[..]).unwrap().price.unwrap();
    assert_eq!((&price.unit_price, price.is_default), (&money("GBP", 500), true));
    assert_eq!((price.audience(), price.channel.as_str()), (pb::PriceAudience::Public, ""));
    assert_eq!((price.effective_time.unwrap().seconds, price.archive_time), (4, None));
    assert_eq!((price.sku.as_str(), price.product_id), ("RUG-1", unknown("product")));
}
