//! Many callers at once: nothing is sold twice, nothing deadlocks, and the first change of a state
//! wins.

use std::time::Duration;

use futures_util::future::{join, join_all};
use souk_client::inventory::v1::{self as pb, ReservationState};
use souk_testkit::{Engine, eventually, on_each_engine, reason_of};
use tonic::Status;

use crate::support::{Inventory, TTL_SECONDS};

/// Returns whether a step was taken, or lost to another one.
fn won(answer: &Result<pb::Reservation, Status>) -> bool {
    match answer {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(reason_of(status), "ERROR_REASON_RESERVATION_STATE", "{status:?}");
            false
        }
    }
}

on_each_engine! {
    async fn fifty_buyers_of_the_last_ten_units_are_ten_reservations(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 10)]).await;
        let answers = join_all((0..50).map(|_| inventory.reserve(inventory.new_id(), &[("mug", 1)]))).await;

        let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
        let reasons: Vec<_> = refused.map(reason_of).collect();
        assert_eq!(reasons, vec!["ERROR_REASON_OUT_OF_STOCK"; 40]);
        assert_eq!(inventory.stock("mug").await, (10, 10));
        inventory.end().await;
    }

    async fn lines_in_opposite_orders_never_wait_for_each_other_in_a_circle(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("cup", 1000), ("mug", 1000)]).await;
        let lives = (0..100).map(|number| {
            let (one, other) = if number % 2 == 0 { ("cup", "mug") } else { ("mug", "cup") };
            let inventory = &inventory;
            async move {
                let id = inventory.new_id();
                inventory.reserve(id, &[(one, 1), (other, 1)]).await?;
                inventory.commit(id).await?;
                if number % 3 == 0 { inventory.release(id).await } else { inventory.consume(id).await }
            }
        });
        for answer in join_all(lives).await {
            answer.unwrap();
        }
        assert_eq!((inventory.stock("cup").await, inventory.stock("mug").await), ((934, 0), (934, 0)));
        inventory.end().await;
    }

    async fn one_id_reserved_by_many_at_once_is_one_reservation(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 100)]).await;
        let id = inventory.new_id();
        let answers = join_all((0..20).map(|_| inventory.reserve(id, &[("mug", 2)]))).await;

        let first = inventory.get(id).await.unwrap();
        assert!(answers.into_iter().all(|answer| answer.unwrap() == first));
        assert_eq!(inventory.stock("mug").await, (100, 2));
        inventory.end().await;
    }

    async fn a_reserve_and_its_release_at_once_leave_nothing_held(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 100)]).await;
        let pairs = (0..40).map(|_| {
            let (inventory, id) = (&inventory, inventory.new_id());
            async move {
                let (reserved, released) = join(inventory.reserve(id, &[("mug", 1)]), inventory.release(id)).await;
                won(&reserved);
                released.unwrap();
                assert_eq!(inventory.state(id).await, ReservationState::Released);
            }
        });
        join_all(pairs).await;
        assert_eq!(inventory.stock("mug").await, (100, 0));
        inventory.end().await;
    }

    async fn of_a_consume_and_a_release_at_once_exactly_one_is_done(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 100)]).await;
        let mut consumed = 0;
        for _ in 0..30 {
            let id = inventory.committed(&[("mug", 1)]).await;
            let (consume, release) = join(inventory.consume(id), inventory.release(id)).await;
            assert_ne!(won(&consume), won(&release));
            consumed += i32::from(consume.is_ok());
        }
        assert_eq!(inventory.stock("mug").await, (100 - consumed, 0));
        inventory.end().await;
    }

    async fn of_a_commit_and_the_expiry_at_once_exactly_one_is_done(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 100)]).await;
        let ids: Vec<_> = (0..40).map(|_| inventory.new_id()).collect();
        for id in &ids {
            inventory.reserve(*id, &[("mug", 1)]).await.unwrap();
        }
        inventory.clock.advance(Duration::from_secs(TTL_SECONDS as u64));
        let commits = join_all(ids.iter().map(|id| inventory.commit(*id))).await;

        let committed = commits.iter().filter(|answer| won(answer)).count();
        eventually(Duration::from_secs(10), || async { inventory.stock("mug").await == (100, committed as i32) }).await;
        for (id, commit) in ids.iter().zip(&commits) {
            let expected = if commit.is_ok() { ReservationState::Committed } else { ReservationState::Expired };
            assert_eq!(inventory.state(*id).await, expected);
        }
        inventory.end().await;
    }

    async fn one_request_id_sent_many_times_at_once_is_received_once(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let items = vec![pb::ReceivedItem { sku: "mug".into(), location_id: String::new(), quantity: 3 }];
        let request = pb::ReceiveStockRequest { request_id: "r1".into(), items, effective_time: None };
        let answers = join_all((0..20).map(|_| {
            let mut staff = inventory.staff();
            let request = request.clone();
            async move { staff.receive_stock(request).await.unwrap().into_inner() }
        }))
        .await;

        assert!(answers.iter().all(|answer| answer == &answers[0]));
        assert_eq!(inventory.stock("mug").await, (3, 0));
        inventory.end().await;
    }

    async fn fifty_buyers_of_ten_units_at_two_locations_get_ten(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 6), ("cup", 100)]).await;
        inventory.open_location("north", 0).await;
        inventory.receive_at("mug", "north", 4).await;
        let answers = join_all((0..50).map(|number| {
            let inventory = &inventory;
            async move {
                let lines = if number % 2 == 0 { [("mug", 1), ("cup", 1)] } else { [("cup", 1), ("mug", 1)] };
                inventory.reserve(inventory.new_id(), &lines).await
            }
        })).await;

        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
        assert_eq!((inventory.stock("mug").await, inventory.stock_at("mug", "north").await), ((6, 6), (4, 4)));
        inventory.end().await;
    }

    async fn one_part_consumed_by_many_at_once_leaves_once(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 10)]).await;
        let id = inventory.committed(&[("mug", 8)]).await;
        let answers = join_all((0..20).map(|number| {
            let inventory = &inventory;
            async move {
                match number % 4 {
                    0 => inventory.consume_some(id, "p1", &[("mug", 2)]).await,
                    1 => inventory.consume_some(id, "p2", &[("mug", 1)]).await,
                    2 => inventory.release_some(id, "c1", &[("mug", 3)]).await,
                    _ => inventory.consume_some(id, "p3", &[("mug", 1)]).await,
                }
            }
        })).await;
        for answer in answers {
            answer.unwrap();
        }
        let left = inventory.get(id).await.unwrap();
        assert_eq!((left.lines[0].consumed, left.lines[0].released), (4, 3));
        assert_eq!(inventory.stock("mug").await, (6, 1));
        inventory.end().await;
    }

    async fn a_limit_and_the_units_promised_under_it_never_disagree(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("rug", 1)]).await;
        let policy = |policy: pb::InventoryPolicy| pb::StockPolicy {
            sku: "rug".into(),
            policy: policy.into(),
            backorder_limit: 3,
            ..Default::default()
        };
        for _ in 0..10 {
            inventory.set_policy(policy(pb::InventoryPolicy::Backorder)).await.unwrap();
            let id = inventory.new_id();
            let (reserved, set) =
                join(inventory.reserve(id, &[("rug", 3)]), inventory.set_policy(policy(pb::InventoryPolicy::Tracked))).await;
            assert!(reserved.is_err() || set.is_err(), "one of them comes second");
            assert_eq!(inventory.findings().await, Vec::<String>::new());
            inventory.release(id).await.unwrap();
        }
        inventory.end().await;
    }
}
