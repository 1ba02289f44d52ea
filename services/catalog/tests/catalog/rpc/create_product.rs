//! CreateProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

fn rug() -> pb::Product {
    pb::Product {
        title: "Kilim".into(),
        description: "Flat-woven.\nWool.".into(),
        labels: [
            ("material".to_owned(), "wool".to_owned()),
            ("room".to_owned(), "hall".to_owned()),
        ]
        .into(),
        metadata: [("erp id".to_owned(), "4711".to_owned())].into(),
        ..Default::default()
    }
}

on_each_engine! {
    async fn a_product_starts_as_a_draft_and_is_read_back_as_it_was_made(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let made = catalog.staff.clone().create_product(create_product(rug())).await.unwrap().into_inner().product.unwrap();
        assert_eq!(made.state(), pb::ProductState::Draft);
        assert_eq!((made.title.as_str(), made.labels.len(), made.metadata.len()), ("Kilim", 2, 1));

        let request = pb::GetProductRequest { product_id: made.product_id.clone() };
        let read = catalog.staff.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
        assert_eq!(read, made);
        assert_eq!(catalog.events().await, 1);
        catalog.finish().await;
    }

    async fn a_repeated_request_answers_the_first_product_and_another_body_is_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let request = create_product(rug());
        let first = catalog.staff.clone().create_product(request.clone()).await.unwrap().into_inner();
        let second = catalog.staff.clone().create_product(request.clone()).await.unwrap().into_inner();
        assert_eq!(first, second);
        assert_eq!(catalog.service.row_counts().await["0.products"], 1);

        let other = pb::Product { title: "Other".into(), ..rug() };
        let other = pb::CreateProductRequest { product: Some(other), ..request.clone() };
        let answer = catalog.staff.clone().create_product(other).await;
        refused(answer, Code::FailedPrecondition, "ERROR_REASON_REQUEST_ID_REUSED");

        // Another member of staff has request ids of their own.
        let mut bob = catalog.client(&souk_chassis::Caller::Staff("bob".into()));
        let third = bob.create_product(request).await.unwrap().into_inner();
        assert_ne!(first, third);
        catalog.finish().await;
    }

    async fn no_user_makes_products_and_bad_fields_are_named(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let answer = catalog.client(&souk_chassis::Caller::user("eve")).create_product(create_product(rug())).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        for (bad, field) in [
            (pb::Product { title: String::new(), ..rug() }, "product.title"),
            (pb::Product { title: "a\0b".into(), ..rug() }, "product.title"),
            (pb::Product { external_key: "a b".into(), ..rug() }, "product.external_key"),
            (pb::Product { metadata: [(String::new(), "x".into())].into(), ..rug() }, "product.metadata[\"\"]"),
        ] {
            let status = catalog.staff.clone().create_product(create_product(bad)).await;
            let status = refused(status, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(souk_testkit::field_violations(&status)[0].field, field);
        }
        let nothing = pb::CreateProductRequest { request_id: request_id(), product: None };
        let status = catalog.staff.clone().create_product(nothing).await;
        let status = refused(status, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        assert_eq!(souk_testkit::field_violations(&status)[0].field, "product");
        assert_eq!(catalog.service.row_counts().await["0.products"], 0);
        catalog.finish().await;
    }

    async fn an_external_key_is_unique_and_an_import_finds_the_product_by_it(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let keyed = pb::Product { external_key: "RUG".into(), ..rug() };
        let made = catalog.staff.clone().create_product(create_product(keyed.clone())).await.unwrap();
        let made = made.into_inner().product.unwrap();
        let again = catalog.staff.clone().create_product(create_product(keyed)).await;
        let status = refused(again, Code::AlreadyExists, "ERROR_REASON_EXTERNAL_KEY_EXISTS");
        let facts = souk_testkit::metadata_of(&status);
        assert_eq!((&facts["external_key"], &facts["product_id"]), (&"RUG".to_owned(), &made.product_id));

        let results = catalog.import(vec![crate::rpc::import_products::item("RUG", &[500])]).await.unwrap();
        assert_eq!(results[0].outcome(), pb::ImportOutcome::Extended);
        assert_eq!(results[0].product_id, made.product_id);
        catalog.finish().await;
    }

    async fn what_only_the_service_sets_is_not_taken_from_the_caller(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let time = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
        let wanted = pb::Product {
            product_id: unknown("product"),
            state: pb::ProductState::Active.into(),
            etag: "77".into(),
            create_time: time,
            update_time: time,
            variants: vec![pb::Variant { sku: "RUG-1".into(), ..Default::default() }],
            ..rug()
        };
        let made = catalog.staff.clone().create_product(create_product(wanted.clone())).await.unwrap();
        let made = made.into_inner().product.unwrap();
        assert_eq!((made.state(), made.etag.as_str()), (pb::ProductState::Draft, "1"));
        assert!(made.product_id != wanted.product_id && made.create_time != time && made.variants.is_empty());
        assert_eq!(catalog.service.row_counts().await["0.variants"], 0);
        catalog.finish().await;
    }
}
