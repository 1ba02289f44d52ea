//! The events of payments, put into the outbox by the write that makes the change.

use souk_client::payments::v1 as pb;
use souk_client::types::v1::Actor;
use souk_data::Tx;
use souk_data::outbox::{self, NewEvent};
use souk_types::Timestamp;

use crate::capture::Capture;
use crate::error::Error;
use crate::payment::Payment;
use crate::refund::{Refund, RefundState};
use crate::state::State;

/// Adds the event that an operation on a payment ended. `before` is none for a new payment; `actor`
/// is who asked for it, as it is stored.
pub async fn append_changed(
    tx: &Tx,
    payment: &Payment,
    before: Option<State>,
    capture: Option<&Capture>,
    actor: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let event = pb::PaymentChanged {
        payment: Some(payment.into()),
        previous_state: before.map_or(0, |state| state as i32),
        capture: capture.map(Into::into),
        actor: Actor::from_stored(actor),
    };
    Ok(outbox::append(tx, NewEvent::new(&event, now)).await?)
}

/// Adds the event that a refund came to an end, or to another one than before.
pub async fn append_refunded(
    tx: &Tx,
    payment: &Payment,
    refund: &Refund,
    before: RefundState,
    actor: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let event = pb::PaymentRefunded {
        payment: Some(payment.into()),
        refund: Some(refund.into()),
        previous_state: before as i32,
        actor: Actor::from_stored(actor),
    };
    Ok(outbox::append(tx, NewEvent::new(&event, now)).await?)
}

#[cfg(test)]
mod tests {
    use souk_contract::Event as _;
    use souk_types::{Money, PaymentId};

    use super::*;
    use crate::attempt::{Answer, Details, Method, MethodSummary, Reply, ReturnUrl};
    use crate::payment::{Confirmation, NewPayment, Step};

    #[test]
    fn an_event_has_nothing_that_is_secret_or_personal() {
        let now = Timestamp::from_micros(1_000_000);
        let new = NewPayment {
            id: PaymentId::derive(b"test", "payment"),
            owner: "service:orders".into(),
            order: None,
            reference: "invoice 7".into(),
            customer: Some(souk_contract::customer_of("user:alice")),
            amount: Money::new("GBP".parse().unwrap(), 100),
            method: Some(Method("tok_secret".into())),
            return_url: Some(ReturnUrl("https://shop.example/secret".into())),
            effective_time: None,
        };
        let confirmed = Payment::create(new, now).confirm(Confirmation::default(), now).unwrap();
        let Step::Ask(payment, attempt) = confirmed else { panic!("{confirmed:?}") };
        let details = Details {
            provider: "test",
            reference: "charge_1".into(),
            method: MethodSummary {
                brand: "secret".into(),
                last4: "secret".into(),
                ..Default::default()
            },
            expire_time: None,
        };
        let url = "https://bank.example/secret".to_owned();
        let answer = Answer::ActionRequired { url, expire_time: now };
        let (payment, _) =
            payment.settle(attempt, Reply { answer, details: Some(details) }).unwrap();
        let shown = pb::Payment::from(&payment);
        assert!(shown.action.is_some() && shown.payment_method.is_some());

        let event = pb::PaymentChanged { payment: Some(shown), ..Default::default() };
        let event = event.without_private().expect("something is left out");
        let bytes = prost::Message::encode_to_vec(&event);
        assert!(!String::from_utf8_lossy(&bytes).contains("secret"), "{event:?}");
    }
}
