//! CreateProduct.

use souk_client::catalog::v1 as pb;
use souk_testkit::{Engine, on_each_engine};

use crate::support::*;

fn rug() -> pb::CreateProductRequest {
    pb::CreateProductRequest {
        request_id: request_id(),
        title: "Kilim".into(),
        description: "Flat-woven.\nWool.".into(),
        labels: [
            ("material".to_owned(), "wool".to_owned()),
            ("room".to_owned(), "hall".to_owned()),
        ]
        .into(),
        ..Default::default()
    }
}

on_each_engine! {
    async fn a_product_starts_as_a_draft_and_is_read_back_as_it_was_made(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let made = catalog.staff.clone().create_product(rug()).await.unwrap().into_inner().product.unwrap();
        assert_eq!(made.state(), pb::ProductState::Draft);
        assert_eq!((made.title.as_str(), made.labels.len()), ("Kilim", 2));

        let request = pb::GetProductRequest { product_id: made.product_id.clone() };
        let read = catalog.staff.clone().get_product(request).await.unwrap().into_inner().product.unwrap();
        assert_eq!(read, made);
        assert_eq!(catalog.events().await, 1);
        catalog.finish().await;
    }

    async fn a_repeated_request_answers_the_first_product_and_another_body_is_refused(engine: Engine) {
        let catalog = TestCatalog::start(engine).await;
        let request = rug();
        let first = catalog.staff.clone().create_product(request.clone()).await.unwrap().into_inner();
        let second = catalog.staff.clone().create_product(request.clone()).await.unwrap().into_inner();
        assert_eq!(first, second);
        assert_eq!(catalog.service.row_counts().await["0.products"], 1);

        let other = pb::CreateProductRequest { title: "Other".into(), ..request.clone() };
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
        let answer = catalog.client(&souk_chassis::Caller::User("eve".into())).create_product(rug()).await;
        refused(answer, Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED");
        for (title, field) in [("", "title"), ("a\0b", "title")] {
            let bad = pb::CreateProductRequest { title: title.into(), ..rug() };
            let status = catalog.staff.clone().create_product(bad).await;
            let status = refused(status, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
            assert_eq!(souk_testkit::field_violations(&status)[0].field, field);
        }
        assert_eq!(catalog.service.row_counts().await["0.products"], 0);
        catalog.finish().await;
    }
}
