//! The steps that payments answers.

use souk_client::payments::v1 as payments;
use souk_client::payments::v1::DeclineCode;
use souk_types::{CaptureId, Money, Timestamp};

use super::response::{Refusals, done_if, fact, not_believed, refusal};
use super::{Upstream, leased, refund_of};
use crate::error::Error;
use crate::order::{Action, Order};
use crate::part::LinesCancellation;
use crate::reason::Reason;
use crate::saga::{Answer, Outcome, Saga};
use crate::step::Kind;
use crate::store;

const NOT_AUTHORIZED: &Refusals = &[
    ("ERROR_REASON_PAYMENT_DECLINED", Reason::PaymentDeclined),
    ("ERROR_REASON_UNKNOWN_PAYMENT_METHOD", Reason::UnknownPaymentMethod),
    ("ERROR_REASON_ACTION_EXPIRED", Reason::PaymentActionExpired),
    ("ERROR_REASON_PAYMENT_STATE", Reason::PaymentCanceled),
];
const NOT_CAPTURED: &Refusals = &[
    ("ERROR_REASON_PAYMENT_DECLINED", Reason::PaymentDeclined),
    ("ERROR_REASON_PAYMENT_STATE", Reason::PaymentCanceled),
];
const NOT_PAID_BACK: &Refusals = &[
    ("ERROR_REASON_PAYMENT_DECLINED", Reason::PaymentDeclined),
    ("ERROR_REASON_REFUND_EXCEEDS_CAPTURED", Reason::PaymentDeclined),
];

impl Upstream {
    /// Has the payment authorised: with the first payment method, or with the one that RetryPayment
    /// brought.
    pub(super) async fn authorize(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let requested = store::order::requested(&self.db.read(), order.id).await?;
        if let Some(decline) = &order.decline {
            // It waits for another payment method.
            return Ok(Answer { decline: decline.clone(), ..Answer::of(Outcome::Declined) });
        }
        let payment_method = requested.payment_method.unwrap_or_default();
        let return_url = requested.return_url.unwrap_or_default();
        let answered = if order.tries > 1 {
            let request = payments::ConfirmPaymentRequest {
                payment_id: order.payment_id().to_string(),
                payment_method,
                return_url,
            };
            let answer = self.payments.clone().confirm_payment(leased(saga, request)).await;
            answer.map(|response| response.into_inner().payment)
        } else {
            let request = payments::AuthorizePaymentRequest {
                payment_id: order.payment_id().to_string(),
                order_id: order.id.to_string(),
                customer_id: order.customer.clone(),
                amount: order.total.map(Into::into),
                effective_time: Some(order.effective_time.into()),
                payment_method,
                return_url,
                reference: order.number.to_string(),
            };
            let answer = self.payments.clone().authorize_payment(leased(saga, request)).await;
            answer.map(|response| response.into_inner().payment)
        };
        let payment = match answered {
            Ok(payment) => payment,
            Err(status) => {
                let answer = refusal(&status, NOT_AUTHORIZED, payment_key(order));
                let is_unknown_method =
                    answer.outcome == Outcome::Refused(Reason::UnknownPaymentMethod);
                // A mistake in another attempt does not end the order.
                if order.tries > 1 && is_unknown_method {
                    let decline = DeclineCode::InvalidMethod.as_str_name().to_owned();
                    return Ok(Answer { outcome: Outcome::Declined, decline, ..answer });
                }
                // The customer had its time.
                if answer.decline == DeclineCode::ActionExpired.as_str_name() {
                    let outcome = Outcome::Refused(Reason::PaymentActionExpired);
                    return Ok(Answer { outcome, ..answer });
                }
                return Ok(answer);
            }
        };
        let Some(payment) = payment.filter(|payment| is_payment_of(payment, order)) else {
            return Ok(not_believed(saga.step, "another payment than requested"));
        };
        Ok(match payment.state() {
            payments::PaymentState::RequiresCapture
                if money_of(&payment.authorized, order) == total_of(order) =>
            {
                Answer::of(Outcome::Done)
            }
            payments::PaymentState::Succeeded
                if money_of(&payment.captured, order) == total_of(order) =>
            {
                Answer::of(Outcome::Done)
            }
            payments::PaymentState::RequiresAction if payment.action.is_some() => {
                let action = payment.action.unwrap_or_default();
                let expire_time =
                    action.expire_time.and_then(|time| Timestamp::try_from(time).ok());
                let action = Action { url: action.redirect_uri, expire_time };
                Answer { action: Some(action), ..Answer::of(Outcome::Waiting) }
            }
            payments::PaymentState::RequiresPaymentMethod => {
                let declined = payment.decline.unwrap_or_default();
                let decline = declined.code().as_str_name().to_owned();
                let outcome = match declined.code() {
                    DeclineCode::ActionExpired => Outcome::Refused(Reason::PaymentActionExpired),
                    _ if declined.retryable => Outcome::Declined,
                    _ => Outcome::Refused(Reason::PaymentDeclined),
                };
                Answer { facts: fact("decline", &decline), decline, ..Answer::of(outcome) }
            }
            payments::PaymentState::Canceled => Answer::refused(Reason::PaymentCanceled),
            _ => not_believed(saga.step, "a payment that is not authorised over the total"),
        })
    }

    /// Captures what the saga is about: all that is left, an amount, or what a fulfillment needs.
    pub(super) async fn capture(&self, saga: &Saga, order: &Order) -> Answer {
        let due = saga.due_capture(order);
        let is_all =
            due.is_final && order.captured == 0 && Some(due.minor) == minor_of(order.total);
        let captured = Some(Money::new(order.currency, order.captured + due.minor));
        let request = payments::CapturePaymentRequest {
            payment_id: order.payment_id().to_string(),
            capture_id: capture_id(saga, order).to_string(),
            amount: (!is_all).then(|| Money::new(order.currency, due.minor).into()),
            final_capture: due.is_final,
            effective_time: Some(saga.effective_time.into()),
        };
        match self.payments.clone().capture_payment(leased(saga, request)).await {
            Err(status) => refusal(&status, NOT_CAPTURED, payment_key(order)),
            Ok(answer) => {
                let payment =
                    answer.into_inner().payment.filter(|payment| is_payment_of(payment, order));
                let is_captured = payment.is_some_and(|payment| {
                    let state = payment.state();
                    let is_over = state == payments::PaymentState::Succeeded;
                    let goes_on = state == payments::PaymentState::RequiresCapture;
                    (if due.is_final { is_over } else { goes_on })
                        && money_of(&payment.captured, order) == captured
                });
                done_if(saga, is_captured, "a payment of which another amount is captured")
            }
        }
    }

    pub(super) async fn void(&self, saga: &Saga, order: &Order) -> Answer {
        let request = payments::VoidPaymentRequest { payment_id: order.payment_id().to_string() };
        match self.payments.clone().void_payment(leased(saga, request)).await {
            Err(status) => refusal(&status, &[], None),
            Ok(answer) => {
                // What never arrived has left a tombstone, which knows the payment's id and no
                // order.
                let is_void = answer.into_inner().payment.is_some_and(|payment| {
                    payment.payment_id == order.payment_id().to_string()
                        && (payment.order_id.is_empty() || payment.order_id == order.id.to_string())
                        && match payment.state() {
                            payments::PaymentState::Canceled => true,
                            // The rest of it is void.
                            payments::PaymentState::Succeeded => order.captured > 0,
                            _ => false,
                        }
                });
                done_if(saga, is_void, "a payment that is not void")
            }
        }
    }

    pub(super) async fn pay_back(&self, saga: &Saga, order: &Order) -> Answer {
        // A cancellation pays back under an id of its own.
        let (refund_id, amount, effective_time) = match saga.refund {
            Some(_) => {
                let refund = refund_of(saga, order);
                (refund.id, refund.amount, refund.effective_time)
            }
            None => {
                let plan = order.cancel_plan(saga.has_lost_authorization());
                let amount = Money::new(order.currency, plan.pays_back);
                (order.cancel_refund(), amount, saga.effective_time)
            }
        };
        if amount.minor == 0 {
            return Answer::of(Outcome::Done);
        }
        let request = payments::RefundPaymentRequest {
            payment_id: order.payment_id().to_string(),
            refund_id: refund_id.to_string(),
            amount: Some(amount.into()),
            effective_time: Some(effective_time.into()),
        };
        let refund = match self.payments.clone().refund_payment(leased(saga, request)).await {
            Err(status) => return refusal(&status, NOT_PAID_BACK, payment_key(order)),
            Ok(answer) => answer.into_inner().refund.filter(|refund| {
                refund.refund_id == refund_id.to_string()
                    && refund.payment_id == order.payment_id().to_string()
                    && money_of(&refund.amount, order) == Some(amount)
            }),
        };
        match refund.map(|refund| refund.state()) {
            Some(payments::PaymentRefundState::Succeeded) => Answer::of(Outcome::Done),
            Some(payments::PaymentRefundState::Failed) => Answer::refused(Reason::PaymentDeclined),
            _ => {
                not_believed(saga.step, "another refund than requested, or one that has not ended")
            }
        }
    }
}

/// Returns whether a payment has the id of this order's, and is for this order and its total. Its
/// customer may still be a guest, whom the order knows to be claimed.
pub(super) fn is_payment_of(payment: &payments::Payment, order: &Order) -> bool {
    payment.payment_id == order.payment_id().to_string()
        && payment.order_id == order.id.to_string()
        && money_of(&payment.amount, order) == total_of(order)
}

/// Reads an amount in the currency of the order; absent is nothing.
pub(super) fn money_of(
    money: &Option<souk_client::types::v1::Money>,
    order: &Order,
) -> Option<Money> {
    match money {
        None => Some(Money::zero(order.currency)),
        Some(money) => {
            Money::try_from(money.clone()).ok().filter(|money| money.currency == order.currency)
        }
    }
}

fn total_of(order: &Order) -> Option<Money> {
    order.total
}

fn minor_of(money: Option<Money>) -> Option<i64> {
    money.map(|money| money.minor)
}

/// Names the capture of a saga; a repeat arrives at the same one.
fn capture_id(saga: &Saga, order: &Order) -> CaptureId {
    // payments gave the captures of earlier versions, which had no ids, those of their payments.
    let of_payment = CaptureId::from_uuid(order.payment_id().as_uuid());
    match saga.kind {
        Kind::Capture => saga.capture.unwrap_or(of_payment),
        Kind::CancelLines => {
            order.cancellation.as_ref().map_or(of_payment, LinesCancellation::capture_id)
        }
        Kind::Cancel => CaptureId::of_step(order.id.as_uuid(), "cancel"),
        Kind::Fulfill => match order.pending() {
            // Begun by an earlier version, as a fulfilment of the whole order.
            Some(one) if one.id.as_uuid() == order.id.as_uuid() => of_payment,
            Some(one) => one.capture_id(),
            None => of_payment,
        },
        Kind::Place | Kind::Refund => of_payment,
    }
}

fn payment_key(order: &Order) -> Option<(&'static str, String)> {
    Some(("payment_id", order.payment_id().to_string()))
}
