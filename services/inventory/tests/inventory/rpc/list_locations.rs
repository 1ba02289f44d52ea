//! What ListLocations promises.

use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

on_each_engine! {
    async fn all_locations_come_by_id_a_page_at_a_time(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        for id in ["south", "north", "east-2"] {
            inventory.open_location(id, 0).await;
        }

        let mut ids = Vec::new();
        let mut page_token = String::new();
        let mut pages = 0;
        loop {
            let request = pb::ListLocationsRequest { page_size: 3, page_token };
            let page = inventory.orders().list_locations(request).await.unwrap().into_inner();
            ids.extend(page.locations.into_iter().map(|location| location.location_id));
            pages += 1;
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!((ids, pages), (["east-2", "main", "north", "south"].map(String::from).to_vec(), 2));
        inventory.end().await;
    }
}
