//! Who may do what: the effect of the rules in the contract.

use souk_chassis::Caller;
use souk_client::inventory::v1 as pb;
use souk_testkit::{Engine, metadata_of, on_each_engine};
use souk_types::OrderId;
use tonic::Code;

use crate::support::{Inventory, refused, reserve_request};

fn user() -> Caller {
    Caller::user("alice")
}

fn payments() -> Caller {
    Caller::Service("payments".into())
}

on_each_engine! {
    async fn only_services_reserve(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        for caller in [user(), Caller::Staff("ann".into())] {
            let request = reserve_request(inventory.new_id(), &[("mug", 1)]);
            let answer = inventory.client_of(caller.clone()).create_reservation(request).await;
            refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        }
        let request = reserve_request(inventory.new_id(), &[("mug", 1)]);
        let answer = inventory.client_of(Caller::Anonymous).create_reservation(request).await;
        refused(answer, Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED");
        assert_eq!(inventory.stock("mug").await, (5, 0));
        inventory.end().await;
    }

    async fn no_user_changes_what_is_on_hand(engine: Engine) {
        let inventory = Inventory::start(engine).await;
        let location = pb::Location { location_id: "north".into(), title: "North".into(), ..Default::default() };
        let request = pb::CreateLocationRequest { location: Some(location) };
        let answer = inventory.client_of(user()).create_location(request).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        inventory.end().await;
    }

    async fn a_service_changes_its_own_reservations_only(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.new_id();
        inventory.orders().create_reservation(reserve_request(id, &[("mug", 2)])).await.unwrap();
        let mut rentals = inventory.client_of(Caller::Service("rentals".into()));
        let reservation_id = id.to_string();

        let again = rentals.create_reservation(reserve_request(id, &[("mug", 2)])).await;
        refused(again, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_OF_ORDER");
        let commit = pb::CommitReservationRequest { reservation_id: reservation_id.clone() };
        let answer = rentals.commit_reservation(commit).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_OF_ORDER");
        let release = pb::ReleaseReservationRequest { reservation_id: reservation_id.clone(), ..Default::default() };
        let answer = rentals.release_reservation(release).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_OF_ORDER");
        inventory.commit(id).await.unwrap();
        let consume = pb::ConsumeReservationRequest { reservation_id, ..Default::default() };
        let answer = rentals.consume_reservation(consume).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_OF_ORDER");
        assert_eq!(inventory.stock("mug").await, (5, 2));

        let own = inventory.new_id();
        rentals.create_reservation(reserve_request(own, &[("mug", 1)])).await.unwrap();
        let release = pb::ReleaseReservationRequest { reservation_id: own.to_string(), ..Default::default() };
        rentals.release_reservation(release).await.unwrap();
        assert_eq!(inventory.stock("mug").await, (5, 2));
        inventory.end().await;
    }

    async fn staff_release_what_an_order_owns_only_to_repair(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let order_id = OrderId::derive(b"test", "order").to_string();
        let id = inventory.new_id();
        let request = pb::CreateReservationRequest { order_id: order_id.clone(), ..reserve_request(id, &[("mug", 2)]) };
        let held = inventory.orders().create_reservation(request).await.unwrap().into_inner().reservation.unwrap();
        assert_eq!(held.order_id, order_id);
        inventory.commit(id).await.unwrap();
        assert_eq!(inventory.get(id).await.unwrap().order_id, order_id);

        let request = pb::ReleaseReservationRequest { reservation_id: id.to_string(), ..Default::default() };
        let answer = inventory.staff().release_reservation(request.clone()).await;
        let status = refused(answer, Code::FailedPrecondition, "ERROR_REASON_RESERVATION_OF_ORDER");
        let metadata = metadata_of(&status);
        assert_eq!((&metadata["order_id"], metadata["use"].as_str()), (&order_id, "souk.orders.v1.OrderService.CancelOrder"));
        assert_eq!(inventory.stock("mug").await, (5, 2));
        let unknown = pb::ReleaseReservationRequest { reservation_id: inventory.new_id().to_string(), ..request.clone() };
        let answer = inventory.staff().release_reservation(unknown).await;
        refused(answer, Code::NotFound, "ERROR_REASON_RESERVATION_NOT_FOUND");

        let repair = pb::ReleaseReservationRequest { repair_note: "its order is gone".into(), ..request };
        let answer = inventory.orders().release_reservation(repair.clone()).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        for _ in 0..2 {
            inventory.staff().release_reservation(repair.clone()).await.unwrap();
        }
        assert_eq!(inventory.stock("mug").await, (5, 0));
        assert_eq!(inventory.movements("mug").await.last().unwrap().note, "its order is gone");
        inventory.end().await;
    }

    async fn everybody_sees_what_is_available_and_nobody_outside_sees_stock_or_reservations(engine: Engine) {
        let inventory = Inventory::with_stock(engine, &[("mug", 5)]).await;
        let id = inventory.committed(&[("mug", 2)]).await;
        let stock = pb::BatchGetStockRequest { skus: vec!["mug".into()], location_id: String::new() };
        let reservation = pb::GetReservationRequest { reservation_id: id.to_string() };
        let available = pb::GetAvailabilityRequest { skus: vec!["mug".into()], ..Default::default() };
        for caller in [user(), Caller::Anonymous] {
            inventory.client_of(caller).get_availability(available.clone()).await.unwrap();
        }
        let answer = inventory.client_of(user()).batch_get_stock(stock).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        let answer = inventory.client_of(user()).get_reservation(reservation.clone()).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        inventory.client_of(payments()).get_reservation(reservation).await.unwrap();
        inventory.end().await;
    }
}
