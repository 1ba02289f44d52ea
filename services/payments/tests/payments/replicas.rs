//! Two replicas on one PostgreSQL: one pauses in the middle of an operation, the other takes over,
//! and the first wakes up late.

use std::time::Duration;

use souk_chassis::{Caller, Effect, Rule};
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{CallerChannel, Engine, TestService, eventually, is_available, reason_of};
use souk_types::{Clock, Timestamp};
use tonic::Status;

use crate::support::{FakeLedger, PATIENCE, State, TestPayments, amounts, authorization, capture};

/// How long the first replica pauses; the other needs less.
const STANDSTILL: Duration = Duration::from_millis(1500);
/// Longer than a lease.
const LEASE_IS_OVER: Duration = Duration::from_secs(31);

/// Two replicas, their clock, and a client of each.
struct Replicas {
    clock: Clock,
    first: TestPayments,
    second: TestService,
}

impl Replicas {
    async fn start() -> Replicas {
        let clock = Clock::manual(Timestamp::from_micros(1_700_000_000_000_000));
        let ledger = FakeLedger::start().await;
        let builder = |ledger: &FakeLedger| {
            TestService::builder(payments::definition(), Engine::Postgres)
                .clock(&clock)
                .upstream("ledger", &ledger.url())
                .set("faults.enabled", "true")
                .set("recovery.sweep_milliseconds", "60000")
        };
        let first = builder(&ledger).database("simulator.data.url").start().await;
        let data = first.databases()[0].url();
        let book = first.databases()[1].url();
        let second =
            builder(&ledger).set("data.url", data).set("simulator.data.url", book).start().await;
        Replicas { clock, first: TestPayments::of(first, ledger), second }
    }

    fn second(&self) -> PaymentServiceClient<CallerChannel> {
        PaymentServiceClient::new(self.second.channel_as(&Caller::Service("orders".into())))
    }

    /// Makes the first replica pause at a point, and the lease expire once it does.
    async fn stand_still(&self, point: &'static str, key: &str) {
        let hits = || self.first.service.running().faults().hits().get(point).copied().unwrap_or(0);
        let before = hits();
        self.first.service.running().faults().inject(Rule {
            id: 0,
            target: point.to_owned(),
            key: key.to_owned(),
            after: 0,
            times: 1,
            effect: Effect::Delay(STANDSTILL),
        });
        let clock = self.clock.clone();
        eventually(PATIENCE, || async { hits() > before }).await;
        clock.advance(LEASE_IS_OVER);
    }

    async fn stop(mut self) {
        self.second.stop().await;
        self.first.service.stop().await;
    }
}

/// Authorises at the first replica, which pauses at `point`, and voids at the second meanwhile.
async fn void_over_a_paused_authorisation(point: &'static str) {
    let replicas = Replicas::start().await;
    let request = authorization("tok_approved");
    let id = request.payment_id.clone();
    let voiding = async {
        replicas.stand_still(point, &id).await;
        let request = pb::VoidPaymentRequest { payment_id: id.clone() };
        replicas
            .second()
            .void_payment(request)
            .await
            .map(|answer| answer.into_inner().payment.unwrap())
    };
    let (late, voided): (Result<pb::Payment, Status>, _) =
        tokio::join!(replicas.first.authorize(&request), voiding);

    assert_eq!(voided.unwrap().state(), State::Canceled);
    assert_eq!(reason_of(&late.unwrap_err()), "ERROR_REASON_PAYMENT_STATE");
    assert_eq!(amounts(&replicas.first.get(&id).await), (0, 0, 0));
    assert_eq!(replicas.first.ledger.held_and_sold(&id), (0, 0));
    replicas.first.agree().await;
    replicas.stop().await;
}

#[test]
fn an_authorisation_that_was_voided_while_it_stood_still_before_the_provider_sets_nothing_aside() {
    if is_available(Engine::Postgres) {
        souk_testkit::run(void_over_a_paused_authorisation("payments.authorize.after_attempt"));
    }
}

#[test]
fn an_authorisation_that_was_voided_while_it_stood_still_before_the_ledger_leaves_no_hold() {
    if is_available(Engine::Postgres) {
        souk_testkit::run(void_over_a_paused_authorisation("payments.authorize.after_provider"));
    }
}

#[test]
fn an_authorisation_that_was_voided_while_it_stood_still_before_its_record_writes_nothing() {
    if is_available(Engine::Postgres) {
        souk_testkit::run(void_over_a_paused_authorisation("payments.authorize.before_record"));
    }
}

#[test]
fn a_capture_that_was_taken_over_while_it_stood_still_happens_once_and_both_callers_learn_of_it() {
    if !is_available(Engine::Postgres) {
        return;
    }
    souk_testkit::run(async {
        let replicas = Replicas::start().await;
        for point in [
            "payments.capture.after_attempt",
            "payments.capture.after_provider",
            "payments.capture.before_record",
        ] {
            let id = replicas.first.authorized("tok_approved").await;
            let request = capture(&id, "a", Some(60), true);
            let taking_over = async {
                replicas.stand_still(point, &id).await;
                let answer = replicas.second().capture_payment(request.clone()).await;
                answer.map(|answer| answer.into_inner().payment.unwrap())
            };
            let (late, early) = tokio::join!(replicas.first.capture(request.clone()), taking_over);
            let late = late.unwrap();
            let early = early.unwrap();
            assert_eq!((amounts(&early), late), ((60, 60, 0), early), "{point}");
            assert_eq!(replicas.first.charge(&id).await.unwrap().operation_count, 2, "{point}");
        }
        replicas.first.agree().await;
        replicas.stop().await;
    });
}
