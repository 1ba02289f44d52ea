//! What CreateReservation promises.

use std::time::{Duration, Instant};

use prost::Message;
use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, metadata_of, on_each_engine};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{Inventory, START, TTL_SECONDS, refused, reserve_request, told};

on_each_engine! {
    async fn lines_are_held_until_the_time_to_live_ends(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 2)]).await;
        let id = inventory.new_id();
        let held = inventory.reserve(id, &[("mug", 2), ("cup", 1), ("mug", 1)]).await.unwrap();

        let lines: Vec<_> = held.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
        assert_eq!((held.reservation_id, lines), (id.to_string(), vec![("cup", 1), ("mug", 3)]));
        let end = START.plus(Duration::from_secs(TTL_SECONDS as u64));
        assert_eq!((held.state, held.expire_time), (ReservationState::Held as i32, Some(end.into())));
        assert_eq!((inventory.stock("mug").await, inventory.stock("cup").await), ((5, 3), (2, 1)));
        inventory.end().await;
    }

    async fn the_sum_of_the_lines_of_one_sku_is_what_counts(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1)]).await;
        let answer = inventory.reserve(inventory.new_id(), &[("mug", 1), ("mug", 1)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        let facts = metadata_of(&status);
        assert_eq!((facts["requested"].as_str(), facts["available"].as_str()), ("2", "1"));
        inventory.end().await;
    }

    async fn nothing_is_held_and_everything_short_is_told_when_one_line_is_short(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("cup", 2), ("mug", 5)]).await;
        let before = inventory.service.row_counts().await;
        let answer = inventory.reserve(inventory.new_id(), &[("mug", 5), ("cup", 3), ("moon", 1)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        let short = status.get_details_precondition_failure().unwrap().violations;
        let short: Vec<_> = short.iter().map(|each| (each.subject.as_str(), each.description.as_str())).collect();
        let expected =
            [("cup@", "requested 3, available 2"), ("moon@", "requested 1, available 0")];
        assert_eq!(short, expected);
        assert_eq!(inventory.service.row_counts().await, before);
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn reserving_again_answers_what_stands_and_holds_nothing_more(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        let first = inventory.reserve(id, &[("mug", 1), ("mug", 2)]).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3)]).await.unwrap(), first, "the sums are the same");
        let committed = inventory.commit(id).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3)]).await.unwrap(), committed);
        let released = inventory.release(id).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3)]).await.unwrap(), released);

        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn an_id_that_is_taken_by_other_lines_is_refused(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.reserve(id, &[("mug", 3)]).await.unwrap();
        let answer = inventory.reserve(id, &[("mug", 2)]).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_DIFFERS");
        assert_eq!(metadata_of(&status)["reservation_id"], id.to_string());
        assert_eq!(inventory.stock("mug").await, (5, 3));
        inventory.end().await;
    }

    async fn units_come_from_one_location_that_has_all_of_them_by_its_priority(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5), ("cup", 5)]).await;
        inventory.open_location("north", 1).await;
        inventory.receive_at("mug", "north", 5).await;
        let mugs = inventory.reserve(inventory.new_id(), &[("mug", 2)]).await.unwrap();
        assert_eq!(told(&mugs), [("mug@north".to_owned(), 2)], "it has the higher priority");
        let both = inventory.reserve(inventory.new_id(), &[("mug", 3), ("cup", 1)]).await.unwrap();
        assert_eq!(told(&both), [("cup@main".to_owned(), 1), ("mug@main".to_owned(), 3)]);
        let split = inventory.reserve(inventory.new_id(), &[("mug", 4)]).await.unwrap();
        assert_eq!(told(&split), [("mug@main".to_owned(), 1), ("mug@north".to_owned(), 3)]);
        assert_eq!((inventory.stock("mug").await, inventory.stock_at("mug", "north").await), ((5, 4), (5, 5)));

        let answer = inventory.reserve(inventory.new_id(), &[("mug", 2)]).await;
        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        let facts = metadata_of(&status);
        assert_eq!((facts["location_id"].as_str(), facts["available"].as_str()), ("", "1"));
        inventory.end().await;
    }

    async fn a_reservation_over_two_locations_leaves_and_comes_back_where_it_was(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 2)]).await;
        inventory.open_location("north", 0).await;
        inventory.receive_at("mug", "north", 2).await;
        let id = inventory.consumed(&[("mug", 3)]).await;
        assert_eq!((inventory.stock("mug").await, inventory.stock_at("mug", "north").await), ((0, 0), (1, 0)));
        let back = inventory.give_back(id, "r1", &[("mug@north", 1)]).await.unwrap();
        assert_eq!(back.lines.iter().map(|line| line.returned).collect::<Vec<_>>(), [0, 1]);
        inventory.give_back(id, "r2", &[("mug", 2)]).await.unwrap();
        assert_eq!((inventory.stock("mug").await, inventory.stock_at("mug", "north").await), ((2, 0), (2, 0)));
        inventory.end().await;
    }

    async fn the_units_of_a_location_that_is_not_active_stay_there(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 1)]).await;
        inventory.open_location("north", 1).await;
        inventory.receive_at("mug", "north", 5).await;
        let id = inventory.committed(&[("mug", 2)]).await;
        inventory.set_active("north", false).await;
        for wanted in ["mug", "mug@north"] {
            let answer = inventory.reserve(inventory.new_id(), &[(wanted, 2)]).await;
            refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        }
        inventory.consume(id).await.unwrap();
        inventory.receive_at("mug", "north", 1).await;
        assert_eq!(inventory.stock_at("mug", "north").await, (4, 0));
        inventory.set_active("north", true).await;
        inventory.reserve(inventory.new_id(), &[("mug", 4)]).await.unwrap();
        inventory.end().await;
    }

    async fn a_repeat_with_a_location_must_have_its_units_there(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 3)]).await;
        inventory.open_location("north", 0).await;
        inventory.receive_at("mug", "north", 3).await;
        let id = inventory.new_id();
        let first = inventory.reserve(id, &[("mug", 4)]).await.unwrap();
        assert_eq!(inventory.reserve(id, &[("mug", 3), ("mug@north", 1)]).await.unwrap(), first);
        let answer = inventory.reserve(id, &[("mug", 2), ("mug@north", 2)]).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_DIFFERS");
        inventory.end().await;
    }

    async fn locations_have_stock_of_their_own(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let mut request = reserve_request(inventory.new_id(), &[("mug", 1)]);
        request.lines[0].location_id = "north".into();
        let answer = inventory.orders().create_reservation(request).await;

        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        assert_eq!(metadata_of(&status)["location_id"], "north");
        inventory.end().await;
    }

    async fn the_largest_order_is_held_committed_consumed_and_taken_back_well_within_its_time(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        // Four bytes a letter, as many letters as a sku has.
        let skus: Vec<String> = (0..5000).map(|number| format!("{}{number:04}", "\u{1F375}".repeat(60))).collect();
        for (index, skus) in skus.chunks(1000).enumerate() {
            let items = skus.iter().map(|sku| pb::ReceivedItem { sku: sku.clone(), location_id: String::new(), quantity: 2 });
            let request_id = index.to_string();
            let receipt = pb::ReceiveStockRequest { request_id, items: items.collect(), effective_time: None };
            inventory.staff().receive_stock(receipt).await.unwrap();
        }

        let start = Instant::now();
        let mut ids = Vec::new();
        let lines: Vec<_> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
        for _ in 0..2 {
            let id = inventory.new_id();
            let held = inventory.reserve(id, &lines).await.unwrap();
            assert_eq!(held.lines.len(), 5000);
            assert!(held.encoded_len() < 4 << 20, "a plain client reads it");
            assert_eq!(inventory.get(id).await.unwrap(), held);
            ids.push(id);
        }
        let events = inventory.events().await;
        let longest = events.iter().map(|(_, _, payload)| payload.len()).max().unwrap();
        assert!(longest < 100_000, "an event of {longest} bytes");
        // The last units of each sku are reserved, which is published for each as well.
        let reservations = |(kind, ..): &&(String, String, Vec<u8>)| kind.ends_with(".ReservationChanged");
        let (_, _, payload) = events.iter().rfind(reservations).unwrap();
        let event = pb::ReservationChanged::decode(payload.as_slice()).unwrap().reservation.unwrap();
        assert_eq!((event.lines.len(), event.line_count), (200, 5000));
        let answer = inventory.reserve(inventory.new_id(), &lines).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_OUT_OF_STOCK");
        inventory.commit(ids[0]).await.unwrap();
        inventory.consume(ids[0]).await.unwrap();
        let returned = inventory.give_back(ids[0], "r1", &lines).await.unwrap();
        assert!(returned.lines.iter().all(|line| line.returned == 1));
        inventory.release(ids[1]).await.unwrap();
        assert_eq!(inventory.stock(&skus[4999]).await, (2, 0));
        // Seven calls, each of which may take five seconds by the contract.
        assert!(start.elapsed() < Duration::from_secs(35), "{:?}", start.elapsed());

        let one_more: Vec<_> = lines.iter().copied().chain([("mug", 1)]).collect();
        let answer = inventory.reserve(inventory.new_id(), &one_more).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");

        // A default page of such reservations is cut, and all of them are on some page.
        let mut listed = 0;
        let mut page_token = String::new();
        loop {
            let request = pb::ListReservationsRequest { page_token, ..Default::default() };
            let page = inventory.staff().list_reservations(request).await.unwrap().into_inner();
            assert!(page.encoded_len() < 4 << 20);
            listed += page.reservations.len();
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, 2);
        inventory.end().await;
    }

    async fn nothing_leaves_before_it_was_reserved_or_comes_back_before_it_left(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let id = inventory.new_id();
        let request = pb::CreateReservationRequest { effective_time: at(1_700_000_000), ..reserve_request(id, &[("mug", 2)]) };
        inventory.orders().create_reservation(request).await.unwrap();
        inventory.commit(id).await.unwrap();
        let consume = |seconds| pb::ConsumeReservationRequest {
            reservation_id: id.to_string(),
            effective_time: at(seconds),
            ..Default::default()
        };
        let answer = inventory.orders().consume_reservation(consume(1_699_999_999)).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "effective_time");
        inventory.orders().consume_reservation(consume(1_700_000_005)).await.unwrap();
        // A repeat returns the current state.
        inventory.orders().consume_reservation(consume(1_699_999_999)).await.unwrap();

        let back = |seconds| pb::ReturnStockRequest {
            reservation_id: id.to_string(),
            request_id: "r1".into(),
            lines: vec![pb::ReservationLine { sku: "mug".into(), location_id: String::new(), quantity: 1 }],
            effective_time: at(seconds),
        };
        let answer = inventory.orders().return_stock(back(1_700_000_004)).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        inventory.orders().return_stock(back(1_700_000_005)).await.unwrap();
        inventory.end().await;
    }

    async fn a_sale_keeps_the_time_it_had_in_the_world(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let ahead = START.plus(Duration::from_secs(3)).into();
        for effective_time in [at(1_291_191_960), Some(ahead)] {
            let request = reserve_request(inventory.new_id(), &[("mug", 1)]);
            inventory.orders().create_reservation(pb::CreateReservationRequest { effective_time, ..request }).await.unwrap();
        }

        let times = inventory.movements("mug").await.into_iter().skip(1).map(|movement| movement.effective_time);
        assert_eq!(times.collect::<Vec<_>>(), [at(1_291_191_960), Some(START.into())], "ahead of us is now");
        inventory.end().await;
    }
}
