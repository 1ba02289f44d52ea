//! ReceiveProviderEvent: the webhook of a provider.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use souk_chassis::Caller;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{CallerChannel, Engine, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{Mood, State, TestPayments, authorization, new_id};

const SECRET: &str = "a secret that only the provider knows";

async fn start(engine: Engine) -> TestPayments {
    let settings = [("simulator.webhook_secret", SECRET), ("recovery.sweep_milliseconds", "60000")];
    TestPayments::with(engine, &settings).await
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn signed(body: &str, seconds: u64, secret: &str) -> pb::ReceiveProviderEventRequest {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    let tag = mac.finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    pb::ReceiveProviderEventRequest {
        provider: "simulator".into(),
        body: body.into(),
        headers: HashMap::from([(
            "simulator-signature".to_owned(),
            format!("t={seconds},v1={hex}"),
        )])
        .into_iter()
        .collect(),
    }
}

fn about(payment_id: &str) -> String {
    format!("type=charge.updated&payment_id={payment_id}")
}

/// Calls as the provider does, who has no token.
fn provider(shop: &TestPayments) -> PaymentServiceClient<CallerChannel> {
    PaymentServiceClient::new(shop.service.channel_as(&Caller::Anonymous))
}

/// Leaves a payment whose customer has approved, which payments did not learn of.
async fn approved_unheard(shop: &TestPayments) -> String {
    let request = authorization("tok_requires_action");
    shop.authorize(&request).await.unwrap();
    shop.ledger.set(Mood::Down);
    shop.decide(&request.payment_id, true).await.unwrap_err();
    shop.ledger.set(Mood::Well);
    request.payment_id
}

on_each_engine! {
    async fn an_event_leads_to_an_inquiry_however_often_it_comes(engine: Engine) {
        let shop = start(engine).await;
        let id = approved_unheard(&shop).await;
        for _ in 0..3 {
            provider(&shop).receive_provider_event(signed(&about(&id), now(), SECRET)).await.unwrap();
            assert_eq!(shop.get(&id).await.state(), State::RequiresCapture);
        }
        shop.agree().await;
    }

    async fn an_event_is_not_believed(engine: Engine) {
        let shop = start(engine).await;
        let request = authorization("tok_requires_action");
        let waiting = shop.authorize(&request).await.unwrap();
        let lie = format!("{}&state=approved", about(&request.payment_id));
        provider(&shop).receive_provider_event(signed(&lie, now(), SECRET)).await.unwrap();
        assert_eq!(shop.get(&request.payment_id).await, waiting);
        shop.agree().await;
    }

    async fn an_event_about_nothing_known_changes_nothing(engine: Engine) {
        let shop = start(engine).await;
        shop.authorized("tok_approved").await;
        let rows = shop.service.row_counts().await;
        for body in ["", "type=payout.paid", "\u{fffd}", &about(&new_id()), &about("nonsense")] {
            provider(&shop).receive_provider_event(signed(body, now(), SECRET)).await.unwrap();
        }
        assert_eq!(shop.service.row_counts().await, rows);
    }

    async fn only_the_provider_may_send_events(engine: Engine) {
        let shop = start(engine).await;
        let id = approved_unheard(&shop).await;
        let before = shop.get(&id).await;
        let body = about(&id);
        let good = signed(&body, now(), SECRET);
        let forged = [
            signed(&body, now(), "another secret"),
            signed(&body, now() - 600, SECRET),
            signed(&body, now() + 600, SECRET),
            pb::ReceiveProviderEventRequest { body: about(&new_id()).into(), ..good.clone() },
            pb::ReceiveProviderEventRequest { headers: Default::default(), ..good.clone() },
        ];
        for request in forged {
            let refusal = provider(&shop).receive_provider_event(request).await.unwrap_err();
            assert_eq!((refusal.code(), reason_of(&refusal).as_str()), (Code::Unauthenticated, "ERROR_REASON_INVALID_SIGNATURE"));
            assert!(!format!("{refusal:?}").contains("v1="), "{refusal:?}");
        }
        let unknown = pb::ReceiveProviderEventRequest { provider: "other".into(), ..good.clone() };
        let refusal = provider(&shop).receive_provider_event(unknown).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal).as_str()), (Code::NotFound, "ERROR_REASON_PROVIDER_NOT_FOUND"));
        assert_eq!(shop.get(&id).await, before);
        let printed = format!("{good:?}");
        assert!(!printed.contains("v1=") && !printed.contains(&id), "{printed}");
    }

    async fn an_event_that_cannot_be_taken_in_is_to_be_sent_again(engine: Engine) {
        let shop = start(engine).await;
        let id = approved_unheard(&shop).await;
        shop.ledger.set(Mood::Down);
        let event = signed(&about(&id), now(), SECRET);
        let refusal = provider(&shop).receive_provider_event(event.clone()).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unavailable);
        shop.ledger.set(Mood::Well);
        provider(&shop).receive_provider_event(event).await.unwrap();
        assert_eq!(shop.get(&id).await.state(), State::RequiresCapture);
        shop.agree().await;
    }
}
