//! Death at every boundary: before the call, after the effect, before the record and after it, for
//! every step and every compensation, and before and after each method that a saga calls.

use std::time::Duration;

use souk_testkit::nightly;

use crate::books::Books;
use crate::fleet::{Fleet, REACHED, UNSYNCED};
use crate::points::{CRASH_BEFORE, Case, cases};
use crate::shopping::Desk;
use crate::story::{Plot, Story};
use crate::witness::Witness;

/// What the stories buy, and how much of it there is.
const SKU: &str = "MUG";
const STOCK: i64 = 10_000;

/// Kills the process of each case where the case says, and checks what is left each time.
async fn survives(mut fleet: Fleet, cases: impl Iterator<Item = Case>) {
    let addresses = fleet.addresses.clone();
    Desk::of_staff(&addresses).stock_up(SKU, STOCK).await;
    let mut witness = Witness::hired(&addresses).await;
    let mut killed = 0;
    for (number, case) in cases.enumerate() {
        let after = format!(
            "after {:?} at {} (pass {}) during {:?}",
            case.effect,
            case.target,
            case.passes + 1,
            case.plot
        );
        let mut story = Story::new(case.plot, format!("story-{number}"), SKU);
        let is_carried_out = case.is_carried_out();
        fleet.doom_later(case.service, &case.target, case.effect, case.passes).await;
        // How far the story gets depends on which process dies; its responses count.
        let mut has_answered = false;
        let killing = async {
            let (answered, ()) = tokio::join!(
                story.tell(&addresses),
                fleet.revive(case.service, &case.target, REACHED)
            );
            has_answered = answered.is_ok();
        };
        witness.writes_during(&addresses, killing).await;

        witness.is_remembered(&addresses, &after).await;
        // A customer who must approve does so when the story is repeated.
        if !case.plot.needs_its_customer() {
            let books = Books::settled(&addresses, &after).await;
            story.is_remembered(&books, &after);
            if let Some(waiting) = case.plot.waits_at() {
                let is_over = has_answered || is_carried_out;
                story.rests(&books, if is_over { case.plot.end() } else { waiting }, &after);
            }
            books.agree(&after);
            books.shelf(&addresses, SKU, STOCK, &after).await;
        }
        story.tell_to_the_end(&addresses).await;
        killed += 1;
    }
    assert!(killed > 0, "there was nothing to kill");
    let after = "at the end";
    let books = Books::settled(&addresses, after).await;
    books.agree(after);
    books.shelf(&addresses, SKU, STOCK, after).await;
}

/// The settings that a plot needs.
fn settings(gives_up: bool) -> &'static [(&'static str, &'static str)] {
    match gives_up {
        true => &[
            UNSYNCED,
            ("ORDERS__SAGA__GIVE_UP_SECONDS", "1"),
            ("ORDERS__SAGA__PAYMENT_SECONDS", "1"),
        ],
        false => &[UNSYNCED],
    }
}

/// Runs the cases of one kind in one program, and every night in a process for each service.
async fn survives_everywhere(gives_up: bool, is_wanted: impl Fn(&Case) -> bool) {
    let wanted =
        || cases().into_iter().filter(|case| case.plot.gives_up() == gives_up && is_wanted(case));
    survives(Fleet::one_program(settings(gives_up)).await, wanted()).await;
    if nightly() {
        survives(Fleet::split(settings(gives_up)).await, wanted()).await;
    }
}

fn is_point_of(case: &Case, service: &str) -> bool {
    case.target.starts_with(&format!("{service}."))
}

#[tokio::test]
async fn killed_at_any_boundary_of_a_saga_nothing_is_lost() {
    survives_everywhere(false, |case| is_point_of(case, "orders")).await;
}

#[tokio::test]
async fn killed_at_any_boundary_of_a_payment_or_around_a_call_nothing_is_lost() {
    survives_everywhere(false, |case| !is_point_of(case, "orders")).await;
}

#[tokio::test]
async fn killed_while_an_order_is_given_up_nothing_is_lost() {
    survives_everywhere(true, |_| true).await;
}

#[tokio::test]
#[should_panic(expected = "no story passes orders.take_back.before_call")]
async fn a_boundary_that_is_not_reached_fails_by_name() {
    let mut fleet = Fleet::one_program(&[]).await;
    let target = "orders.take_back.before_call";
    fleet.doom("orders", target, CRASH_BEFORE).await;
    fleet.revive("orders", target, Duration::from_millis(100)).await;
}

/// The kills of the night are made on a file system that drops what was not synced.
#[tokio::test]
async fn every_night_the_program_loses_what_was_not_synced() {
    if nightly() {
        let fleet = Fleet::one_program(&[UNSYNCED]).await;
        assert!(
            fleet.loses_what_was_not_synced(),
            "the program must be built with `--features souk-data/unsynced-vfs` for the nightly tests"
        );
    }
}

#[test]
fn every_boundary_has_a_story_and_every_case_is_in_one_test() {
    let cases = cases();
    // No order does what a provider takes back; tests/journeys/payments.rs kills payments there.
    let of_payments = ::payments::FAULT_POINTS.iter().filter(|point| !point.contains(".reverse."));
    for point in ::orders::FAULT_POINTS.iter().chain(of_payments) {
        assert!(cases.iter().any(|case| case.target == *point), "no story passes {point}");
    }
    assert!(cases.iter().any(|case| matches!(case.plot, Plot::GiveUpWaiting)));
    assert!(cases.iter().any(|case| matches!(case.plot, Plot::GiveUpUnknown)));
    // What the order waits for comes too late to be stored, and in time.
    for plot in [Plot::SecondCard, Plot::SplitSecondCard, Plot::CaptureLater] {
        let of_plot = || cases.iter().filter(|case| case.plot == plot);
        assert!(of_plot().any(|case| case.is_carried_out()), "{plot:?}");
        assert!(of_plot().any(|case| !case.is_carried_out()), "{plot:?}");
    }
}
