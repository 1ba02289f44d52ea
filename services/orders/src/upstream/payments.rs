//! The steps that payments answers.

use souk_client::payments::v1 as payments;
use souk_client::payments::v1::DeclineCode;
use souk_types::{CaptureId, Money, RefundId, Timestamp};

use super::response::{Refusals, decline_for_customer, done_if, fact, not_believed, refusal};
use super::{Upstream, leased, refund_of};
use crate::answer::{Answer, Outcome};
use crate::error::Error;
use crate::order::{Action, Order};
use crate::part::LinesCancellation;
use crate::reason::{FIELD, Reason};
use crate::saga::Saga;
use crate::share::{Part, Share};
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
    /// Has the payment in turn authorised: with the first payment method, or with the one that
    /// RetryPayment brought.
    pub(super) async fn authorize(&self, saga: &Saga, order: &Order) -> Result<Answer, Error> {
        let requested = store::order::requested(&self.db.read(), order.id).await?;
        if let Some(decline) = &order.decline {
            // It waits for another payment method.
            return Ok(Answer { decline: decline.clone(), ..Answer::of(Outcome::Declined) });
        }
        let share = order.share_in_turn();
        let payment_method = if order.is_split() {
            store::order_payment::method(&self.db.read(), order.id, share.number).await?
        } else {
            requested.payment_method
        };
        let payment_method = payment_method.unwrap_or_default();
        let return_url = requested.return_url.unwrap_or_default();
        let answered = if share.tries > 1 {
            let request = payments::ConfirmPaymentRequest {
                payment_id: share.id.to_string(),
                payment_method,
                return_url,
            };
            let answer = self.payments.clone().confirm_payment(leased(saga, request)).await;
            answer.map(|response| response.into_inner().payment)
        } else {
            let request = payments::AuthorizePaymentRequest {
                payment_id: share.id.to_string(),
                order_id: order.id.to_string(),
                customer_id: order.customer.clone(),
                amount: Some(Money::new(order.currency, share.amount).into()),
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
                let mut answer = refusal(&status, NOT_AUTHORIZED, payment_key(&share));
                let is_unknown_method =
                    answer.outcome == Outcome::Refused(Reason::UnknownPaymentMethod);
                // A mistake in another attempt does not end the order.
                if share.tries > 1 && is_unknown_method {
                    let decline = DeclineCode::InvalidMethod.as_str_name().to_owned();
                    return Ok(Answer { outcome: Outcome::Declined, decline, ..answer });
                }
                if is_unknown_method && share.number < order.payments.len() as i64 {
                    let index = share.number - 1;
                    let field = format!("partial_payments[{index}].payment_method");
                    answer.facts.extend(fact(FIELD, field));
                }
                // The customer had its time.
                if answer.decline == DeclineCode::ActionExpired.as_str_name() {
                    let outcome = Outcome::Refused(Reason::PaymentActionExpired);
                    return Ok(Answer { outcome, ..answer });
                }
                return Ok(answer);
            }
        };
        let Some(payment) = payment.filter(|payment| is_payment_of(payment, order, &share)) else {
            return Ok(not_believed(saga.step, "another payment than requested"));
        };
        Ok(match payment.state() {
            payments::PaymentState::RequiresCapture
                if money_of(&payment.authorized, order) == amount_of(order, &share) =>
            {
                Answer::of(Outcome::Done)
            }
            payments::PaymentState::Succeeded
                if money_of(&payment.captured, order) == amount_of(order, &share) =>
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
                let decline = decline_for_customer(declined.code().as_str_name()).to_owned();
                let outcome = match declined.code() {
                    DeclineCode::ActionExpired => Outcome::Refused(Reason::PaymentActionExpired),
                    _ if declined.retryable => Outcome::Declined,
                    _ => Outcome::Refused(Reason::PaymentDeclined),
                };
                Answer { facts: fact("decline", &decline), decline, ..Answer::of(outcome) }
            }
            payments::PaymentState::Canceled => Answer::refused(Reason::PaymentCanceled),
            _ => not_believed(saga.step, "a payment that is not authorised over its amount"),
        })
    }

    /// Captures what the saga is about: all that is left, an amount, or what a fulfillment needs.
    /// Of several payments it captures one; the last capture of the order releases the others.
    pub(super) async fn capture(&self, saga: &Saga, order: &Order) -> Answer {
        let whole = saga.due_capture(order);
        let (due, _) = order.next_due_capture(whole);
        let Part { share, minor } = order.next_capture(whole);
        let is_final = due.is_final || order.is_split() && minor == share.left();
        let is_all = is_final && share.captured == 0 && minor == share.amount;
        let captured = Some(Money::new(order.currency, share.captured + minor));
        let request = payments::CapturePaymentRequest {
            payment_id: share.id.to_string(),
            capture_id: order.capture_part_id(capture_id(saga, order), &share).to_string(),
            amount: (!is_all).then(|| Money::new(order.currency, minor).into()),
            final_capture: is_final,
            effective_time: Some(saga.effective_time.into()),
        };
        let answer = match self.payments.clone().capture_payment(leased(saga, request)).await {
            Err(status) => refusal(&status, NOT_CAPTURED, payment_key(&share)),
            Ok(answer) => {
                let payment = answer
                    .into_inner()
                    .payment
                    .filter(|payment| is_payment_of(payment, order, &share));
                let is_captured = payment.is_some_and(|payment| {
                    let state = payment.state();
                    let is_over = state == payments::PaymentState::Succeeded;
                    let goes_on = state == payments::PaymentState::RequiresCapture;
                    (if is_final { is_over } else { goes_on })
                        && money_of(&payment.captured, order) == captured
                });
                done_if(saga, is_captured, "a payment of which another amount is captured")
            }
        };
        if answer.outcome != Outcome::Done || !due.is_final || !order.is_split() {
            return answer;
        }
        let mut others = order.shares_to_void();
        others.retain(|other| other.number != share.number);
        self.void_all(saga, order, &others).await
    }

    /// Releases what is authorised of every payment and not captured.
    pub(super) async fn void(&self, saga: &Saga, order: &Order) -> Answer {
        self.void_all(saga, order, &order.shares_to_void()).await
    }

    async fn void_all(&self, saga: &Saga, order: &Order, shares: &[Share]) -> Answer {
        for share in shares {
            let answer = self.void_one(saga, order, share).await;
            // What has ended by itself, or was never there, does not hold up the others.
            if !matches!(answer.outcome, Outcome::Done | Outcome::Refused(_)) {
                return answer;
            }
        }
        Answer::of(Outcome::Done)
    }

    async fn void_one(&self, saga: &Saga, order: &Order, share: &Share) -> Answer {
        let request = payments::VoidPaymentRequest { payment_id: share.id.to_string() };
        match self.payments.clone().void_payment(leased(saga, request)).await {
            Err(status) => refusal(&status, &[], None),
            Ok(answer) => {
                // What never arrived has left a tombstone, which knows the payment's id and no
                // order.
                let is_void = answer.into_inner().payment.is_some_and(|payment| {
                    payment.payment_id == share.id.to_string()
                        && (payment.order_id.is_empty() || payment.order_id == order.id.to_string())
                        && match payment.state() {
                            payments::PaymentState::Canceled => true,
                            // The rest of it is void.
                            payments::PaymentState::Succeeded => share.captured > 0,
                            _ => false,
                        }
                });
                done_if(saga, is_void, "a payment that is not void")
            }
        }
    }

    /// Pays back what the saga is about, from the last of several payments first.
    pub(super) async fn pay_back(&self, saga: &Saga, order: &Order) -> Answer {
        // A cancellation pays back under an id of its own.
        let (id, amount, effective_time, only) = match saga.refund {
            Some(_) => {
                let refund = refund_of(saga, order);
                (refund.id, refund.amount, refund.effective_time, refund.payment)
            }
            None => {
                let plan = order.cancel_plan(saga.has_lost_authorization());
                let amount = Money::new(order.currency, plan.pays_back);
                (order.cancel_refund(), amount, saga.effective_time, None)
            }
        };
        if amount.minor == 0 {
            return Answer::of(Outcome::Done);
        }
        if !order.can_pay_back(amount.minor, only) {
            let failure = Some("the payments have less to pay back".to_owned());
            return Answer { failure, ..Answer::of(Outcome::Broken) };
        }
        let mut is_begun = false;
        for part in order.parts_to_pay_back(amount.minor, only) {
            let id = if only.is_some() { id } else { order.refund_part_id(id, &part.share) };
            let answer = self.pay_back_part(saga, order, part, id, effective_time).await;
            match answer.outcome {
                Outcome::Done => is_begun = true,
                // Some of it is paid back: neither did the refund succeed, nor did it fail.
                Outcome::Refused(_) | Outcome::Declined if is_begun => {
                    return Answer { outcome: Outcome::Broken, ..answer };
                }
                _ => return answer,
            }
        }
        Answer::of(Outcome::Done)
    }

    async fn pay_back_part(
        &self,
        saga: &Saga,
        order: &Order,
        part: Part,
        id: RefundId,
        effective_time: Timestamp,
    ) -> Answer {
        let payment_id = part.share.id.to_string();
        let amount = Money::new(order.currency, part.minor);
        let request = payments::RefundPaymentRequest {
            payment_id: payment_id.clone(),
            refund_id: id.to_string(),
            amount: Some(amount.into()),
            effective_time: Some(effective_time.into()),
        };
        let refund = match self.payments.clone().refund_payment(leased(saga, request)).await {
            Err(status) => return refusal(&status, NOT_PAID_BACK, payment_key(&part.share)),
            Ok(answer) => answer.into_inner().refund.filter(|refund| {
                refund.refund_id == id.to_string()
                    && refund.payment_id == payment_id
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

/// Returns whether a payment has the id of this one of an order, and is for this order and its
/// amount. Its customer may still be a guest, whom the order knows to be claimed.
pub(super) fn is_payment_of(payment: &payments::Payment, order: &Order, share: &Share) -> bool {
    payment.payment_id == share.id.to_string()
        && payment.order_id == order.id.to_string()
        && money_of(&payment.amount, order) == amount_of(order, share)
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

fn amount_of(order: &Order, share: &Share) -> Option<Money> {
    Some(Money::new(order.currency, share.amount))
}

/// Names the capture of a saga, of several payments that of the rest; a repeat arrives at the same
/// one.
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

fn payment_key(share: &Share) -> Option<(&'static str, String)> {
    Some(("payment_id", share.id.to_string()))
}
