//! What ListReservations promises.

use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, on_each_engine};
use souk_types::{OrderId, ReservationId};
use tonic::Code;

use crate::support::{Inventory, refused, reserve_request};

async fn list(inventory: &Inventory, states: &[ReservationState], page_size: i32) -> Vec<String> {
    let states = states.iter().map(|state| (*state).into()).collect();
    let request = pb::ListReservationsRequest { page_size, states, ..Default::default() };
    list_all(inventory, request).await
}

async fn list_all(inventory: &Inventory, request: pb::ListReservationsRequest) -> Vec<String> {
    let mut ids = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListReservationsRequest { page_token, ..request.clone() };
        let page = inventory.staff().list_reservations(request).await.unwrap().into_inner();
        ids.extend(page.reservations.into_iter().map(|reservation| reservation.reservation_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return ids;
        }
    }
}

fn texts(ids: &[ReservationId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

on_each_engine! {
    async fn the_latest_comes_first_by_creation_or_by_the_change_of_its_state(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 50)]).await;
        // Ids that sort by nothing, as those are that orders derives.
        let ids: Vec<_> = (0..7_u8).map(|number| ReservationId::derive(&[number], "reserve")).collect();
        for id in &ids {
            inventory.reserve(*id, &[("mug", 1)]).await.unwrap();
        }
        for id in [ids[5], ids[1], ids[3]] {
            inventory.clock.advance(std::time::Duration::from_secs(1));
            inventory.commit(id).await.unwrap();
        }

        for page_size in [0, 1, 2, 7] {
            use ReservationState::{Committed, Held};
            let latest: Vec<_> = ids.iter().rev().copied().collect();
            assert_eq!(list(&inventory, &[], page_size).await, texts(&latest));
            let committed = [ids[3], ids[1], ids[5]];
            assert_eq!(list(&inventory, &[Committed], page_size).await, texts(&committed));
            let held = [ids[6], ids[4], ids[2], ids[0]];
            assert_eq!(list(&inventory, &[Held, Held], page_size).await, texts(&held));
            let both = texts(&[&committed[..], &held].concat());
            assert_eq!(list(&inventory, &[Held, Committed], page_size).await, both);
        }
        assert_eq!(list(&inventory, &[ReservationState::Expired], 1).await, Vec::<String>::new());
        inventory.end().await;
    }

    async fn who_holds_a_sku_and_what_an_order_holds_is_found(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 50), ("cup", 50)]).await;
        let order_id = OrderId::derive(b"test", "order").to_string();
        let mut ids = Vec::new();
        for lines in [&[("mug", 1), ("cup", 1)][..], &[("cup", 1)], &[("mug", 2)]] {
            let id = inventory.new_id();
            let request = reserve_request(id, lines);
            let order_id = if ids.is_empty() { order_id.clone() } else { String::new() };
            let request = pb::CreateReservationRequest { order_id, ..request };
            inventory.orders().create_reservation(request).await.unwrap();
            ids.push(id);
        }
        inventory.commit(ids[2]).await.unwrap();
        let all = pb::ListReservationsRequest { page_size: 1, ..Default::default() };
        let mugs = pb::ListReservationsRequest { sku: "mug".into(), ..all.clone() };
        assert_eq!(list_all(&inventory, mugs.clone()).await, texts(&[ids[2], ids[0]]));
        let states = vec![ReservationState::Held.into()];
        assert_eq!(list_all(&inventory, pb::ListReservationsRequest { states, ..mugs }).await, texts(&[ids[0]]));
        let of_order = pb::ListReservationsRequest { order_id, ..all };
        assert_eq!(list_all(&inventory, of_order).await, texts(&[ids[0]]));
        inventory.end().await;
    }

    async fn a_page_token_is_good_for_its_filter_only(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 50)]).await;
        for _ in 0..2 {
            inventory.reserve(inventory.new_id(), &[("mug", 1)]).await.unwrap();
        }
        let request = pb::ListReservationsRequest { page_size: 1, ..Default::default() };
        let page_token = inventory.staff().list_reservations(request.clone()).await.unwrap().into_inner().next_page_token;
        let states = vec![ReservationState::Held.into()];
        let other = pb::ListReservationsRequest { page_token, states, ..request };
        let answer = inventory.staff().list_reservations(other).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        inventory.end().await;
    }
}
