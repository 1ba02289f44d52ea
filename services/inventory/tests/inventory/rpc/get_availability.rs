//! What GetAvailability promises.

use souk_chassis::Caller;
use souk_client::inventory::v1::{self as pb, AvailabilityState, InventoryPolicy};
use souk_testkit::{Engine, on_each_engine};

use crate::support::Inventory;

async fn asked(
    inventory: &Inventory,
    caller: Caller,
    request: pb::GetAvailabilityRequest,
) -> Vec<(String, AvailabilityState, i32)> {
    let answer = inventory.client_of(caller).get_availability(request).await.unwrap().into_inner();
    let told = answer.availabilities.into_iter();
    told.map(|one| (one.sku.clone(), one.state(), one.available)).collect()
}

fn of(skus: &[&str]) -> pb::GetAvailabilityRequest {
    let skus = skus.iter().map(ToString::to_string).collect();
    pb::GetAvailabilityRequest { skus, ..Default::default() }
}

fn staff() -> Caller {
    Caller::Staff("ann".into())
}

on_each_engine! {
    async fn units_of_all_active_locations_are_added_up(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 3)]).await;
        inventory.open_location("north", 0).await;
        inventory.open_location("south", 0).await;
        inventory.receive_at("mug", "north", 7).await;
        inventory.receive_at("mug", "south", 100).await;
        inventory.set_active("south", false).await;
        inventory.reserve(inventory.new_id(), &[("mug@main", 4)]).await.unwrap();

        use AvailabilityState::{InStock, Low, OutOfStock};
        let all = asked(&inventory, staff(), of(&["mug", "moon", "cup", "mug"])).await;
        let expected = [("mug", InStock, 8), ("moon", OutOfStock, 0), ("cup", Low, 3), ("mug", InStock, 8)];
        assert_eq!(all, expected.map(|(sku, state, units)| (sku.to_owned(), state, units)));
        let location_ids = vec!["main".to_owned(), "south".to_owned(), "moon".to_owned()];
        let some = asked(&inventory, staff(), pb::GetAvailabilityRequest { location_ids, ..of(&["mug"]) }).await;
        assert_eq!(some, [("mug".to_owned(), Low, 1)]);
        inventory.end().await;
    }

    async fn everybody_sees_ten_units_at_most_and_who_may_read_stock_sees_all(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 11)]).await;
        for (caller, told) in [
            (Caller::Anonymous, 10),
            (Caller::user("alice"), 10),
            (staff(), 11),
            (Caller::Service("carts".into()), 11),
        ] {
            assert_eq!(asked(&inventory, caller.clone(), of(&["mug"])).await[0].2, told, "{caller}");
        }
        inventory.end().await;
    }

    async fn what_is_sold_without_stock_and_before_it_arrives_says_so(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let expected_time = Some(prost_types::Timestamp { seconds: 1_900_000_000, nanos: 0 });
        let policy = |sku: &str, policy: InventoryPolicy| pb::StockPolicy {
            sku: sku.into(),
            policy: policy.into(),
            backorder_limit: 12,
            expected_time,
            ..Default::default()
        };
        inventory.set_policy(policy("film", InventoryPolicy::Untracked)).await.unwrap();
        inventory.set_policy(policy("rug", InventoryPolicy::Backorder)).await.unwrap();
        let request = of(&["film", "rug"]);
        let answer = inventory.client_of(Caller::Anonymous).get_availability(request.clone()).await.unwrap();
        let [film, rug] = answer.into_inner().availabilities.try_into().unwrap();
        assert_eq!((film.state(), film.available, film.expected_time), (AvailabilityState::Untracked, 0, None));
        assert_eq!((rug.state(), rug.available, rug.backorderable), (AvailabilityState::Backorder, 0, 10));
        assert_eq!(rug.expected_time, expected_time);

        inventory.reserve(inventory.new_id(), &[("rug", 12)]).await.unwrap();
        let sold = asked(&inventory, staff(), request).await;
        assert_eq!(sold[1], ("rug".to_owned(), AvailabilityState::OutOfStock, 0));
        inventory.receive("rug", 13).await;
        let answer = inventory.staff().get_availability(of(&["rug"])).await.unwrap();
        let [rug] = answer.into_inner().availabilities.try_into().unwrap();
        assert_eq!((rug.available, rug.backorderable), (1, 12));
        inventory.end().await;
    }
}
