//! Whether payments and reservation agree with the order, before its goods leave.

use souk_client::inventory::v1 as inventory;
use souk_client::payments::v1 as payments;
use souk_types::Money;
use tonic::{Code, Status};

use super::inventory::is_reservation_of;
use super::payments::{is_payment_of, money_of};
use super::response::{fact, not_believed, reason_of, refusal};
use super::{Upstream, leased};
use crate::answer::Answer;
use crate::order::Order;
use crate::reason::Reason;
use crate::saga::Saga;

impl Upstream {
    /// Compares the order with its payments and its reservation. What differs is a refusal with
    /// what was found.
    pub(super) async fn is_in_step(&self, saga: &Saga, order: &Order) -> Result<(), Box<Answer>> {
        let reservation =
            inventory::GetReservationRequest { reservation_id: order.reservation_id().to_string() };
        let mut inventory = self.inventory.clone();
        let (payments, reservation) = tokio::join!(
            self.payments_are_in_step(saga, order),
            inventory.get_reservation(leased(saga, reservation)),
        );
        payments?;
        match reservation {
            Err(status) if is_gone(&status) => {
                Err(out_of_step(fact("reservation_state", "NOT_FOUND")))
            }
            Err(status) => Err(Box::new(refusal(&status, &[], None))),
            Ok(answer) => {
                use inventory::ReservationState::{Committed, Consumed};
                let reservation =
                    answer.into_inner().reservation.filter(|one| is_reservation_of(one, order));
                match reservation.map(|reservation| reservation.state()) {
                    None => {
                        Err(Box::new(not_believed(saga.step, "another reservation than requested")))
                    }
                    Some(Committed | Consumed) => Ok(()),
                    Some(state) => Err(out_of_step(fact("reservation_state", state.as_str_name()))),
                }
            }
        }
    }

    /// Compares each payment of the order with what was captured of it and went back.
    async fn payments_are_in_step(&self, saga: &Saga, order: &Order) -> Result<(), Box<Answer>> {
        for share in order.shares() {
            let request = payments::GetPaymentRequest { payment_id: share.id.to_string() };
            let payment = match self.payments.clone().get_payment(leased(saga, request)).await {
                Ok(answer) => answer.into_inner().payment,
                Err(status) if is_gone(&status) => return Err(out_of_step(fact("captured", 0))),
                Err(status) => return Err(Box::new(refusal(&status, &[], None))),
            };
            let Some(payment) = payment.filter(|payment| is_payment_of(payment, order, &share))
            else {
                let what = "another payment than requested";
                return Err(Box::new(not_believed(saga.step, what)));
            };
            let minor = |money: Option<Money>| money.map_or(0, |money| money.minor);
            let captured = minor(money_of(&payment.captured, order));
            let refunded = minor(money_of(&payment.refunded, order));
            if (captured, refunded) != (share.captured, share.paid_back) {
                let mut facts = fact("captured", captured);
                facts.extend(fact("refunded", refunded));
                facts.extend(fact("expected_captured", share.captured));
                facts.extend(fact("expected_refunded", share.paid_back));
                return Err(out_of_step(facts));
            }
        }
        Ok(())
    }
}

fn is_gone(status: &Status) -> bool {
    status.code() == Code::NotFound && reason_of(status).is_some()
}

fn out_of_step(facts: Vec<(String, String)>) -> Box<Answer> {
    Box::new(Answer { facts, ..Answer::refused(Reason::OutOfStep) })
}
