//! What CreateLocation promises.

use souk_client::inventory::v1 as pb;
use souk_client::types::v1 as types;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

fn location(id: &str, title: &str) -> pb::CreateLocationRequest {
    let location =
        pb::Location { location_id: id.into(), title: title.into(), ..Default::default() };
    pb::CreateLocationRequest { location: Some(location) }
}

on_each_engine! {
    async fn creating_the_same_location_twice_gives_one(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let first = inventory.staff().create_location(location("north", "North")).await.unwrap().into_inner();
        inventory.clock.advance(std::time::Duration::from_secs(1));
        let second = inventory.staff().create_location(location("north", "North")).await.unwrap().into_inner();

        assert_eq!(first, second);
        assert_eq!(inventory.rows("location").await, 2, "main and north");
        inventory.end().await;
    }

    async fn a_location_is_active_with_the_address_and_priority_it_was_given(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let address = Some(types::Address {
            region_code: "GB".into(),
            locality: "Leeds".into(),
            address_lines: vec!["1 Canal Street".into()],
            ..Default::default()
        });
        let mut request = location("north", "North");
        let wanted = pb::Location { address, priority: 7, ..request.location.unwrap() };
        request.location = Some(wanted.clone());
        let created = inventory.staff().create_location(request).await.unwrap().into_inner().location.unwrap();

        assert_eq!((created.active, created.priority, created.etag.as_str()), (true, 7, "1"));
        assert_eq!((&created.address, created.create_time), (&wanted.address, created.update_time));
        let get = pb::GetLocationRequest { location_id: "north".into() };
        assert_eq!(inventory.orders().get_location(get).await.unwrap().into_inner().location.unwrap(), created);
        let get = pb::GetLocationRequest { location_id: "south".into() };
        refused(inventory.orders().get_location(get).await, Code::NotFound, "ERROR_REASON_LOCATION_NOT_FOUND");
        inventory.end().await;
    }

    async fn what_has_no_title_or_a_wrong_address_is_refused(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let answer = inventory.staff().create_location(location("north", "")).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "location.title");
        let mut request = location("north", "North");
        request.location.as_mut().unwrap().address = Some(types::Address::default());
        let answer = inventory.staff().create_location(request).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert!(souk_testkit::field_violations(&status)[0].field.starts_with("location.address."));
        inventory.end().await;
    }

    async fn an_id_that_is_taken_by_another_title_is_refused(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.staff().create_location(location("north", "North")).await.unwrap();
        let answer = inventory.staff().create_location(location("north", "South")).await;

        let status = refused(answer, Code::AlreadyExists, "ERROR_REASON_LOCATION_EXISTS");
        assert_eq!(metadata_of(&status)["location_id"], "north");
        inventory.end().await;
    }
}
