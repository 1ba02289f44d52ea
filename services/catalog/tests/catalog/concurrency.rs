//! Conflicting writers: exactly one wins, and the others get an error.

use souk_client::catalog::v1 as pb;
use souk_client::operation::import_products;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

/// Runs as many calls at once and returns their responses.
async fn at_once<T, F>(count: usize, call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(call(number))).collect();
    let mut answers = vec![];
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

on_each_engine! {
    async fn one_of_two_who_create_a_sku_wins_and_the_other_is_told(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        for round in 0..10 {
            let answers = at_once(2, |_| {
                let mut staff = catalog.staff.clone();
                let request = create_variant(new_variant(&product, &format!("RUG-{round}")));
                async move { staff.create_variant(request).await }
            })
            .await;
            let codes: Vec<Code> =
                answers.iter().map(|answer| answer.as_ref().map_or_else(|status| status.code(), |_| Code::Ok)).collect();
            assert!(codes == [Code::Ok, Code::AlreadyExists] || codes == [Code::AlreadyExists, Code::Ok], "{codes:?}");
        }
        catalog.finish().await;
    }

    async fn one_request_sent_many_times_at_once_makes_one_product(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let request = new_product("Rug");
        let answers = at_once(8, |_| {
            let mut staff = catalog.staff.clone();
            let request = request.clone();
            async move { staff.create_product(request).await.unwrap().into_inner() }
        })
        .await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(catalog.service.row_counts().await["0.products"], 1);
        catalog.finish().await;
    }

    async fn edits_with_one_etag_at_once_leave_exactly_one(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let product = catalog.product("Rug").await;
        let answers = at_once(8, |number| {
            let mut staff = catalog.staff.clone();
            let changed = pb::Product { title: format!("Rug {number}"), ..product.clone() };
            let request = update_product(changed, &["title"]);
            async move { staff.update_product(request).await }
        })
        .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        for status in answers.into_iter().filter_map(Result::err) {
            refused(Err::<(), _>(status), Code::Aborted, "ERROR_REASON_ETAG_MISMATCH");
        }
        catalog.finish().await;
    }

    async fn the_same_import_from_several_sides_makes_each_product_once(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let item = |number: usize| crate::rpc::import_products::item(&format!("P{number}"), &[5]);
        let answers = at_once(3, |side| {
            let staff = catalog.staff_channel();
            let items: Vec<_> = (0..500).map(item).collect();
            async move { import_products(staff, &format!("side-{side}"), items).await.unwrap() }
        })
        .await;
        let created =
            answers.iter().flatten().filter(|result| result.outcome() == pb::ImportOutcome::Created).count();
        let failed = answers.iter().flatten().filter(|result| result.error.is_some()).count();
        assert_eq!((created, failed), (500, 0));
        let counts: Vec<i64> = catalog.audit().await.counts.iter().map(|count| count.count).collect();
        assert_eq!(counts, [500; 4]);
        catalog.finish().await;
    }

    async fn defaults_set_at_once_leave_exactly_one(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let (_, variant, _) = catalog.on_sale("Rug", "RUG-1", 500).await;
        let answers = at_once(6, |number| {
            let mut staff = catalog.staff.clone();
            let price = pb::Price { is_default: true, ..new_price(&variant, "GBP", number as i64) };
            let request = create_price(price);
            async move { staff.create_price(request).await }
        })
        .await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let prices = catalog.prices("RUG-1").await;
        assert_eq!(prices.len(), 7);
        assert_eq!(prices.iter().filter(|price| price.is_default).count(), 1);
        catalog.finish().await;
    }
}
