//! What UpdateLocation promises.

use souk_client::inventory::v1 as pb;
use souk_client::types::v1::Address;
use souk_testkit::{Engine, field_violations, metadata_of, on_each_engine};
use tonic::{Code, Status};

use crate::support::{Inventory, mask, refused};

/// Changes `main`.
async fn update(
    inventory: &Inventory,
    request_id: &str,
    location: pb::Location,
    paths: &[&str],
) -> Result<pb::Location, Status> {
    let request = pb::UpdateLocationRequest {
        request_id: request_id.into(),
        location: Some(pb::Location { location_id: "main".into(), ..location }),
        update_mask: mask(paths),
    };
    let answer = inventory.staff().update_location(request).await?;
    Ok(answer.into_inner().location.unwrap())
}

on_each_engine! {
    async fn only_what_the_mask_names_changes(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let address = Address { region_code: "GB".into(), address_lines: vec!["1 Canal Street".into()], ..Default::default() };
        let all = pb::Location { title: "Leeds".into(), priority: 9, address: Some(address.clone()), ..Default::default() };
        let changed = update(&inventory, "u1", all.clone(), &["address", "priority"]).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.priority, changed.active), ("Main", 9, true));
        assert_eq!((changed.address, changed.etag.as_str()), (Some(address), "2"));

        let changed = update(&inventory, "u2", pb::Location { address: None, ..all }, &["*"]).await.unwrap();
        assert_eq!((changed.title.as_str(), changed.active, changed.address), ("Leeds", false, None));
        inventory.end().await;
    }

    async fn a_repeat_changes_nothing_and_a_stale_etag_is_refused(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let to = |priority, etag: &str| pb::Location { priority, etag: etag.into(), ..Default::default() };
        let first = update(&inventory, "u1", to(1, "1"), &["priority"]).await.unwrap();
        assert_eq!(update(&inventory, "u1", to(1, "1"), &["priority"]).await.unwrap(), first);
        let answer = update(&inventory, "u1", to(2, "1"), &["priority"]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED");
        let answer = update(&inventory, "u2", to(2, "1"), &["priority"]).await;
        let status = refused(answer, Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        assert_eq!(metadata_of(&status)["etag"], "2");
        assert_eq!(update(&inventory, "u3", to(2, ""), &["priority"]).await.unwrap().priority, 2);
        inventory.end().await;
    }

    async fn what_cannot_be_changed_is_named(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        for (paths, field) in [
            (&[][..], "update_mask"),
            (&["create_time"], "update_mask"),
            (&["title"], "location.title"),
        ] {
            let answer = update(&inventory, "u1", pb::Location::default(), paths).await;
            let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(field_violations(&status)[0].field, field);
        }
        let location = pb::Location { location_id: "north".into(), ..Default::default() };
        let unknown = pb::UpdateLocationRequest {
            request_id: "u1".into(),
            location: Some(location),
            update_mask: mask(&["active"]),
        };
        let answer = inventory.staff().update_location(unknown).await;
        refused(answer, Code::NotFound, "ERROR_REASON_LOCATION_NOT_FOUND");
        inventory.end().await;
    }
}
