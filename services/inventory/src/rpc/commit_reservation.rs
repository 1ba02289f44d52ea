//! CommitReservation: makes a hold permanent. It changes no stock: the units stay reserved.

use std::slice;

use souk_client::inventory::v1 as pb;
use souk_client::inventory::v1::inventory_service::CommitReservation;
use souk_contract::{Call, Handle};
use souk_data::Isolation::ReadCommitted;
use souk_data::Tx;
use souk_types::{ReservationId, Timestamp};

use super::InventoryRpc;
use crate::error::Error;
use crate::reservation::{Reservation, Step};
use crate::{events, store};

impl Handle<CommitReservation> for InventoryRpc {
    async fn handle(
        &self,
        call: Call<pb::CommitReservationRequest>,
    ) -> Result<pb::CommitReservationResponse, Error> {
        let id = call.request.reservation_id()?;
        let committed =
            self.db.write(ReadCommitted, (id, call.caller.key(), self.clock.now()), commit).await?;
        Ok(pb::CommitReservationResponse { reservation: Some(committed.into()) })
    }
}

async fn commit(
    tx: &Tx,
    &(id, ref owner, now): &(ReservationId, String, Timestamp),
) -> Result<Reservation, Error> {
    let reservation = store::reservation::lock_existing(tx, id).await?.reservation.of(owner)?;
    let before = reservation.state;
    let committed = match reservation.commit(now)? {
        Step::Changed(committed) => committed,
        Step::Repeated(reservation) => return Ok(reservation),
    };
    store::reservation::set_state(tx, slice::from_ref(&committed)).await?;
    events::reservation_changed(tx, Some(before), &committed, owner, now).await?;
    Ok(committed)
}
