//! What ListReservations promises.

use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, on_each_engine};
use souk_types::ReservationId;
use tonic::Code;

use crate::support::{Inventory, refused};

async fn list(inventory: &Inventory, state: ReservationState, page_size: i32) -> Vec<String> {
    let mut ids = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListReservationsRequest { page_size, page_token, state: state.into() };
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
    async fn all_come_as_they_were_made_and_one_state_as_it_was_entered(engine: Engine) {
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
            assert_eq!(list(&inventory, ReservationState::Unspecified, page_size).await, texts(&ids));
            let committed = texts(&[ids[5], ids[1], ids[3]]);
            assert_eq!(list(&inventory, ReservationState::Committed, page_size).await, committed);
            let held = texts(&[ids[0], ids[2], ids[4], ids[6]]);
            assert_eq!(list(&inventory, ReservationState::Held, page_size).await, held);
        }
        assert_eq!(list(&inventory, ReservationState::Expired, 1).await, Vec::<String>::new());
        inventory.end().await;
    }

    async fn a_page_token_is_good_for_its_filter_only(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 50)]).await;
        for _ in 0..2 {
            inventory.reserve(inventory.new_id(), &[("mug", 1)]).await.unwrap();
        }
        let request = pb::ListReservationsRequest { page_size: 1, ..Default::default() };
        let page_token = inventory.staff().list_reservations(request.clone()).await.unwrap().into_inner().next_page_token;
        let state = ReservationState::Held.into();
        let other = pb::ListReservationsRequest { page_token, state, ..request };
        let answer = inventory.staff().list_reservations(other).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        inventory.end().await;
    }
}
