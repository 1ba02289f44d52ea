//! What CreateLocation promises.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;

use crate::support::{Inventory, refused};

fn location(id: &str, title: &str) -> pb::CreateLocationRequest {
    pb::CreateLocationRequest { location_id: id.into(), title: title.into() }
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

    async fn an_id_that_is_taken_by_another_title_is_refused(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        inventory.staff().create_location(location("north", "North")).await.unwrap();
        let answer = inventory.staff().create_location(location("north", "South")).await;

        let status = refused(answer, Code::AlreadyExists, "ERROR_REASON_LOCATION_EXISTS");
        assert_eq!(metadata_of(&status)["location_id"], "north");
        inventory.end().await;
    }
}
