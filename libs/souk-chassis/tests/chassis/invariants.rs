//! Every process answers for the invariants of its services.

use souk_chassis::pb::ops::v1 as wire;
use souk_chassis::pb::ops::v1::invariant_service_client::InvariantServiceClient;
use souk_chassis::{Caller, Shop};
use tonic::{Code, Status};

use crate::echo;
use crate::errors::reason;
use crate::stage::{Form, Stage, options, unique};

async fn check(
    stage: &Stage,
    caller: &Caller,
    service: &str,
) -> Result<Vec<wire::InvariantReport>, Status> {
    let channel = stage.channel_as(caller);
    let request = wire::CheckInvariantsRequest { service: service.to_string() };
    let answer = InvariantServiceClient::new(channel).check_invariants(request).await?;
    Ok(answer.into_inner().reports)
}

#[tokio::test]
async fn what_a_service_finds_is_told_under_its_name_and_says_how_much_it_read() {
    for form in [Form::InProcess, Form::Loopback] {
        let stage = Stage::start(form).await;
        let staff = Caller::Staff("ann".to_string());
        let counts = vec![wire::AuditCount { what: "echoes".to_string(), count: 3 }];
        for name in ["echo", ""] {
            let reports = check(&stage, &staff, name).await.unwrap();
            let report = reports.iter().find(|report| report.service == "echo").unwrap();
            assert_eq!((&report.findings, &report.counts), (&vec![], &counts));
        }

        *stage.probe.broken.lock().unwrap() = "another word came back".to_string();
        let reports = check(&stage, &staff, "echo").await.unwrap();
        let finding = wire::AuditFinding {
            invariant: "an echo is what was said".to_string(),
            subject: "echo_1".to_string(),
            detail: "another word came back".to_string(),
        };
        assert_eq!(reports[0].findings, [finding]);

        *stage.probe.broken.lock().unwrap() = "unreadable".to_string();
        let status = check(&stage, &staff, "echo").await.unwrap_err();
        assert_eq!(reason(&status), "ERROR_REASON_INVALID_FIELD");
        assert!(status.message().contains("invariants of echo"), "{status:?}");
        stage.stop().await;
    }
}

#[tokio::test]
async fn a_service_that_is_not_here_is_refused_with_the_names_of_those_that_are() {
    let stage = Stage::start(Form::Loopback).await;
    let staff = Caller::Staff("ann".to_string());
    let status = check(&stage, &staff, "orders").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD")
    );
    assert!(status.message().contains("must be one of echo"), "{status:?}");
    stage.stop().await;
}

#[tokio::test]
async fn it_is_for_staff_and_services_that_may_audit() {
    let stage = Stage::start(Form::Loopback).await;
    let refused = [
        (Caller::Anonymous, Code::Unauthenticated),
        (Caller::user("alice"), Code::PermissionDenied),
    ];
    for (caller, code) in refused {
        assert_eq!(check(&stage, &caller, "").await.unwrap_err().code(), code, "{caller}");
    }
    check(&stage, &Caller::Service("auditor".to_string()), "").await.unwrap();
    stage.stop().await;
}

#[tokio::test]
async fn a_service_that_says_nothing_of_its_invariants_does_not_start() {
    let silent = Shop::new(options(&unique("silent"))).with(echo::without_invariants());
    let refused = silent.start().await;
    let error = refused.err().expect("it is refused").to_string();
    assert!(error.contains("echo: says nothing of its invariants"), "{error}");
}
