//! CreateLedger, GetLedger and ListLedgers.

use souk_client::ledger::v1 as pb;
use souk_testkit::{Engine, field_violations, on_each_engine, reason_of};
use tonic::Code;

use crate::support::{GBP, TestLedger, USD};

on_each_engine! {
    async fn a_ledger_has_one_currency_for_ever(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        let yen = ledger.create_ledger(392, "JPY").await;
        assert_eq!((yen.ledger, yen.currency_code.as_str(), yen.fraction_digits), (392, "JPY", 0));
        assert_eq!(ledger.create_ledger(392, "JPY").await, yen);
        let points = ledger.create_ledger(7, "").await;
        assert_eq!((points.currency_code.as_str(), points.fraction_digits), ("", 0));

        for (number, currency) in [(392, "EUR"), (392, ""), (7, "EUR")] {
            let other = pb::Ledger { ledger: number, currency_code: currency.into(), ..Default::default() };
            let request = pb::CreateLedgerRequest { ledger: Some(other) };
            let status = ledger.client.create_ledger(request).await.unwrap_err();
            assert_eq!((status.code(), reason_of(&status).as_str()), (Code::AlreadyExists, "ERROR_REASON_LEDGER_EXISTS"));
        }
        let found = ledger.client.get_ledger(pb::GetLedgerRequest { ledger: 392 }).await.unwrap().into_inner();
        assert_eq!(found.ledger, Some(yen));
        let pounds = ledger.client.get_ledger(pb::GetLedgerRequest { ledger: GBP }).await.unwrap().into_inner();
        assert_eq!(pounds.ledger.unwrap().fraction_digits, 2);
        let status = ledger.client.get_ledger(pb::GetLedgerRequest { ledger: 1 }).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::NotFound, "ERROR_REASON_LEDGER_NOT_FOUND"));
        ledger.finish().await;
    }

    async fn ledgers_are_listed_by_number(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        ledger.create_ledger(7, "").await;
        let mut request = pb::ListLedgersRequest { page_size: 2, ..Default::default() };
        let first = ledger.client.list_ledgers(request.clone()).await.unwrap().into_inner();
        request.page_token = first.next_page_token;
        let second = ledger.client.list_ledgers(request).await.unwrap().into_inner();
        let numbers: Vec<u32> = first.ledgers.iter().chain(&second.ledgers).map(|ledger| ledger.ledger).collect();
        assert_eq!((numbers, second.next_page_token.as_str()), (vec![7, GBP, USD], ""));
        ledger.finish().await;
    }

    async fn a_currency_is_one_of_those_in_use(engine: Engine) {
        let mut ledger = TestLedger::start(engine).await;
        for (number, currency, field) in [
            (5, "ZZZ", "ledger.currency_code"),
            (5, "XXX", "ledger.currency_code"),
            (5, "eur", "ledger.currency_code"),
            (0, "EUR", "ledger.ledger"),
        ] {
            let wrong = pb::Ledger { ledger: number, currency_code: currency.into(), ..Default::default() };
            let request = pb::CreateLedgerRequest { ledger: Some(wrong) };
            let status = ledger.client.create_ledger(request).await.unwrap_err();
            assert_eq!((status.code(), field_violations(&status)[0].field.as_str()), (Code::InvalidArgument, field));
        }
        let status = ledger.client.create_ledger(pb::CreateLedgerRequest { ledger: None }).await.unwrap_err();
        assert_eq!(field_violations(&status)[0].field, "ledger");
        ledger.finish().await;
    }

    async fn many_who_create_one_ledger_create_it_once(engine: Engine) {
        let ledger = TestLedger::start(engine).await;
        let callers = (0..8).map(|_| {
            let mut client = ledger.client.clone();
            let euros = pb::Ledger { ledger: 978, currency_code: "EUR".into(), ..Default::default() };
            let request = pb::CreateLedgerRequest { ledger: Some(euros) };
            tokio::spawn(async move { client.create_ledger(request).await.unwrap().into_inner().ledger })
        });
        let callers: Vec<_> = callers.collect();
        let mut times = Vec::new();
        for caller in callers {
            times.push(caller.await.unwrap().unwrap().create_time);
        }
        times.dedup();
        assert_eq!(times.len(), 1);
        ledger.finish().await;
    }
}
