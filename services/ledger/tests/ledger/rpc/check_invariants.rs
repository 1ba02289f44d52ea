//! The invariants of the ledger: a sound one breaks none, and every kind of damage is found.

use souk_client::ops::v1::AuditCount;
use souk_testkit::{Engine, TestDb, on_each_engine};

use crate::support::{TestLedger, account, pending, post, transfer};

/// Runs statements behind the service's back.
async fn tamper(database: &TestDb, statements: &[&str]) {
    match database.file() {
        Some(file) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
            for statement in statements {
                connection.execute_batch(statement).unwrap();
            }
        }
        None => {
            use sea_orm::ConnectionTrait;
            let connection = sea_orm::Database::connect(database.url()).await.unwrap();
            for statement in statements {
                connection.execute_unprepared(statement).await.unwrap();
            }
            connection.close().await.unwrap();
        }
    }
}

async fn findings(ledger: &TestLedger) -> Vec<String> {
    ledger.audit().await.findings.into_iter().map(|finding| finding.invariant).collect()
}

const REPLAY: &str = "replaying all transfers gives the account";

on_each_engine! {
    async fn a_sound_ledger_has_no_findings_and_says_how_much_was_looked_at(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        ledger.create(vec![transfer("1", "a", "b", 5), pending("p", 7, 0), post("r", "p", 3), pending("q", 7, 60)]).await;
        let audit = ledger.audit().await;
        assert_eq!(audit.findings, []);
        let count = |what: &str, count| AuditCount { what: what.into(), count };
        assert_eq!(audit.counts, [count("accounts", 4), count("transfers", 4), count("ledgers", 1)]);
        ledger.finish().await;
    }

    async fn a_changed_balance_is_found_by_account(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        ledger.create(vec![transfer("1", "a", "b", 5)]).await;
        tamper(&ledger.service.databases()[0], &["UPDATE account SET debits_posted = debits_posted + 1 WHERE user_data = 'a'"]).await;
        let audit = ledger.audit().await;
        assert_eq!(audit.findings[0].invariant, REPLAY);
        assert_eq!(audit.findings[0].subject, account("a"));
        assert!(audit.findings[0].detail.contains("stored debits 0 pending 6 posted"), "{}", audit.findings[0].detail);
        assert_eq!(audit.findings[1].invariant, "debits equal credits in each ledger");
        // Moving the damage to both sides evens the ledger out, and is found all the same.
        tamper(&ledger.service.databases()[0], &["UPDATE account SET credits_posted = credits_posted + 1 WHERE user_data = 'b'"]).await;
        assert_eq!(findings(&ledger).await, [REPLAY; 2]);
        ledger.service.stop().await;
    }

    async fn the_log_cannot_be_changed_or_deleted(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        ledger.create(vec![transfer("1", "a", "b", 5)]).await;
        let database = &ledger.service.databases()[0];
        for statement in [
            "UPDATE transfer SET amount = 6",
            "DELETE FROM transfer",
            "DELETE FROM account",
            "UPDATE account SET ledger = 840",
            "UPDATE account SET flags = 0",
            "UPDATE ledger SET currency_code = 'EUR'",
            "DELETE FROM ledger",
        ] {
            let refused = match database.file() {
                Some(file) => rusqlite::Connection::open(file).unwrap().execute_batch(statement).is_err(),
                None => {
                    use sea_orm::ConnectionTrait;
                    let connection = sea_orm::Database::connect(database.url()).await.unwrap();
                    let refused = connection.execute_unprepared(statement).await.is_err();
                    connection.close().await.unwrap();
                    refused
                }
            };
            assert!(refused, "{statement}");
        }
        ledger.finish().await;
    }

    async fn a_changed_log_is_found(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        ledger.create(vec![transfer("1", "a", "b", 5), transfer("2", "a", "b", 6), pending("p", 7, 0), post("r", "p", 3)]).await;
        let drop_trigger = match engine {
            Engine::Sqlite => "DROP TRIGGER transfer_never_changes",
            Engine::Postgres => "DROP TRIGGER transfer_never_changes ON transfer",
        };
        let database = &ledger.service.databases()[0];
        tamper(database, &[drop_trigger, "UPDATE transfer SET debit_previous = 0 WHERE amount = 6"]).await;
        assert_eq!(findings(&ledger).await, ["the history of an account is one line"]);
        tamper(database, &["UPDATE transfer SET debit_previous = credit_previous WHERE amount = 6", "UPDATE transfer SET amount = 8 WHERE amount = 7"]).await;
        assert_eq!(findings(&ledger).await, [REPLAY, REPLAY, "a resolution fits its pending transfer"]);
        ledger.service.stop().await;
    }

    async fn an_account_without_its_ledger_and_a_time_far_ahead_are_found(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        ledger.create(vec![transfer("1", "a", "b", 5)]).await;
        let drop_triggers = match engine {
            Engine::Sqlite => "DROP TRIGGER transfer_never_changes; DROP TRIGGER ledger_is_never_deleted",
            Engine::Postgres => "DROP TRIGGER transfer_never_changes ON transfer; DROP TRIGGER ledger_never_changes ON ledger",
        };
        tamper(&ledger.service.databases()[0], &[
            drop_triggers,
            "UPDATE transfer SET effective_time = create_time + 60000001",
            "DELETE FROM ledger WHERE number = 826",
        ]).await;
        let found = findings(&ledger).await;
        assert_eq!(found, ["an account is in a ledger"; 4].into_iter().chain(["a transfer happens before it is recorded"]).collect::<Vec<_>>());
        ledger.service.stop().await;
    }

    async fn an_account_over_its_limit_and_a_stale_due_entry_are_found(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let timed = pending("p", 5, 3600);
        ledger.create(vec![timed, post("r", "p", 0)]).await;
        let database = &ledger.service.databases()[0];
        tamper(database, &[
            "INSERT INTO due (expire_time, pending_id) SELECT 9000000000000000, id FROM transfer WHERE kind = 1",
            "UPDATE account SET debits_posted = 1 WHERE user_data = 'debt'",
        ]).await;
        let found = findings(&ledger).await;
        assert_eq!(found, [REPLAY, "no account exceeds its limit", "debits equal credits in each ledger", "a resolved transfer does not expire"]);
        ledger.service.stop().await;
    }
}
