//! Whether payment and reservation agree with the order, before its goods leave.

use souk_client::inventory::v1 as inventory;
use souk_client::payments::v1 as payments;
use souk_types::Money;
use tonic::{Code, Status};

use super::inventory::is_reservation_of;
use super::payments::{is_payment_of, money_of};
use super::response::{fact, not_believed, reason_of, refusal};
use super::{Upstream, leased};
use crate::order::Order;
use crate::reason::Reason;
use crate::saga::{Answer, Saga};

impl Upstream {
    /// Compares the order with its payment and its reservation. What differs is a refusal with what
    /// was found.
    pub(super) async fn is_in_step(&self, saga: &Saga, order: &Order) -> Result<(), Box<Answer>> {
        let payment = payments::GetPaymentRequest { payment_id: order.payment_id().to_string() };
        let reservation =
            inventory::GetReservationRequest { reservation_id: order.reservation_id().to_string() };
        let mut payments = self.payments.clone();
        let mut inventory = self.inventory.clone();
        let (payment, reservation) = tokio::join!(
            payments.get_payment(leased(saga, payment)),
            inventory.get_reservation(leased(saga, reservation)),
        );
        let out_of_step =
            |facts| Err(Box::new(Answer { facts, ..Answer::refused(Reason::OutOfStep) }));
        let is_gone =
            |status: &Status| status.code() == Code::NotFound && reason_of(status).is_some();
        match payment {
            Err(status) if is_gone(&status) => return out_of_step(fact("captured", 0)),
            Err(status) => return Err(Box::new(refusal(&status, &[], None))),
            Ok(answer) => {
                let payment =
                    answer.into_inner().payment.filter(|payment| is_payment_of(payment, order));
                let Some(payment) = payment else {
                    return Err(Box::new(not_believed(
                        saga.step,
                        "another payment than requested",
                    )));
                };
                let minor = |money: Option<Money>| money.map_or(0, |money| money.minor);
                let captured = minor(money_of(&payment.captured, order));
                let refunded = minor(money_of(&payment.refunded, order));
                let expected = (order.captured, order.refunded.minor + order.given_back);
                if (captured, refunded) != expected {
                    let mut facts = fact("captured", captured);
                    facts.extend(fact("refunded", refunded));
                    facts.extend(fact("expected_captured", expected.0));
                    facts.extend(fact("expected_refunded", expected.1));
                    return out_of_step(facts);
                }
            }
        }
        match reservation {
            Err(status) if is_gone(&status) => out_of_step(fact("reservation_state", "NOT_FOUND")),
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
                    Some(state) => out_of_step(fact("reservation_state", state.as_str_name())),
                }
            }
        }
    }
}
