//! Who may call what: every kind of caller, forged tokens, and addresses that are not loopback.

use souk_chassis::{Caller, Channel, Shop, identity};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::echo;
use crate::errors::reason;
use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Client, Stage, in_every_form, options, unique};

fn known() -> pb::EchoKnownRequest {
    pb::EchoKnownRequest { text: "x".to_string(), ..Default::default() }
}

async fn code_of_known(mut client: Client) -> Code {
    client.echo_known(known()).await.map_or_else(|status| status.code(), |_| Code::Ok)
}

async fn code_of_staff(mut client: Client) -> Code {
    let request = pb::EchoStaffRequest { text: "x".to_string() };
    client.echo_staff(request).await.map_or_else(|status| status.code(), |_| Code::Ok)
}

in_every_form! {
    async fn the_contract_says_which_kind_of_caller_may_call(stage: Stage) {
        let service = Caller::Service("payments".into());
        let user = Caller::user("alice");
        let staff = Caller::Staff("ann".into());
        // Each with every scope.
        for (caller, known, staffs) in [
            (Caller::Anonymous, Code::Unauthenticated, Code::Unauthenticated),
            (user, Code::Ok, Code::PermissionDenied),
            (service, Code::Ok, Code::PermissionDenied),
            (staff, Code::PermissionDenied, Code::Ok),
        ] {
            assert_eq!(code_of_known(stage.client_as(&caller)).await, known, "{caller}");
            assert_eq!(code_of_staff(stage.client_as(&caller)).await, staffs, "{caller}");
            let everybody = stage.client_as(&caller).echo(pb::EchoRequest::default()).await;
            assert_eq!(everybody.unwrap().into_inner().caller, caller.key());
        }
        stage.stop().await;
    }

    async fn a_user_reaches_its_own_customer_only(stage: Stage) {
        let alice = Caller::user("alice").customer().unwrap().to_string();
        let ask = |customer: &str| pb::EchoKnownRequest {
            mode: "customer".to_owned(),
            customer_id: customer.to_owned(),
            ..Default::default()
        };
        for caller in [Caller::user("alice"), Caller::guest("alice")] {
            let own = caller.customer().unwrap().to_string();
            for asked in ["", "me", own.as_str()] {
                let answer = stage.client_as(&caller).echo_known(ask(asked)).await.unwrap();
                assert_eq!(answer.into_inner().text, own, "{asked:?}");
            }
        }
        let status = stage.client_as(&Caller::guest("alice")).echo_known(ask(&alice)).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER".into()));
        assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "customer_id");

        // A service may name any customer, and has none of its own.
        let service = Caller::Service("payments".into());
        for asked in ["", alice.as_str()] {
            let answer = stage.client_as(&service).echo_known(ask(asked)).await.unwrap();
            assert_eq!(answer.into_inner().text, asked);
        }
        let status = stage.client_as(&service).echo_known(ask("me")).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD".into()));
        stage.stop().await;
    }

    async fn a_field_is_set_by_those_whom_the_contract_names(stage: Stage) {
        let request = pb::EchoKnownRequest { remark: "x".to_owned(), ..Default::default() };
        let service = Caller::Service("payments".into());
        stage.client_as(&service).echo_known(request.clone()).await.unwrap();
        let status = stage.client_as(&Caller::user("alice")).echo_known(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status)), (Code::PermissionDenied, "ERROR_REASON_FIELD_NOT_ALLOWED".into()));
        assert_eq!(status.get_details_error_info().unwrap().metadata["field"], "remark");
        assert_eq!(status.message(), "remark is for services only: leave it out");
        stage.stop().await;
    }

    async fn a_grant_asks_for_its_scopes(stage: Stage) {
        let staff = Caller::Staff("ann".into());
        let service = Caller::Service("payments".into());
        for (scopes, code) in [
            (&[][..], Code::PermissionDenied),
            (&["echo.known"], Code::PermissionDenied),
            (&["echo.known", "echo.audit"], Code::Ok),
            (&["*"], Code::Ok),
        ] {
            let token = identity::development_token_with(&staff, scopes, identity::DEVELOPMENT_KEY);
            assert_eq!(code_of_staff(stage.client_with_token(&token)).await, code, "{scopes:?}");
        }
        let token = identity::development_token_with(&service, &[], identity::DEVELOPMENT_KEY);
        let status = stage.client_with_token(&token).echo_known(known()).await.unwrap_err();
        assert_eq!(reason(&status), "ERROR_REASON_ACCESS_DENIED");
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().metadata["scopes"], "echo.known");
        assert!(status.message().contains("a service whose token has the scope echo.known"), "{status:?}");
        stage.stop().await;
    }

    async fn a_refusal_says_why(stage: Stage) {
        let status = stage.client().echo_known(known()).await.unwrap_err();
        assert_eq!(reason(&status), "ERROR_REASON_UNAUTHENTICATED");
        let status = stage.client_as(&Caller::Staff("ann".into())).echo_known(known()).await.unwrap_err();
        assert_eq!(reason(&status), "ERROR_REASON_ACCESS_DENIED");
        assert!(status.get_error_details().error_info().unwrap().metadata.is_empty());
        stage.stop().await;
    }

    async fn a_forged_token_is_refused_even_where_nobody_need_be_known(stage: Stage) {
        let forged = identity::development_token_with(&Caller::user("alice"), &[], "another key");
        for token in [forged.as_str(), "nonsense", "souk-dev.a.b"] {
            let status = stage.client_with_token(token).echo(pb::EchoRequest::default()).await.unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED"));
        }
        assert_eq!(stage.attempts(), 0);
        stage.stop().await;
    }
}

#[tokio::test]
async fn an_address_that_is_not_loopback_refuses_development_tokens() {
    let open = options(&unique("open")).set("server.listen", "0.0.0.0:0");
    let running = Shop::new(open).with(echo::definition()).start().await.unwrap();
    let address = format!("http://127.0.0.1:{}", running.addr().port());
    let alice = Caller::user("alice");

    let mut client = Client::new(Channel::to(&address, &alice, &CONTRACT).unwrap());
    let status = client.echo_known(known()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let mut client = Client::new(Channel::to(&address, &Caller::Anonymous, &CONTRACT).unwrap());
    client.echo(pb::EchoRequest::default()).await.unwrap();

    // Services within the process still know each other.
    assert_eq!(code_of_known(Client::new(running.channel("echo"))).await, Code::Ok);
    running.drain().await.unwrap();
}

#[tokio::test]
async fn a_configured_key_replaces_the_public_one() {
    let own = options(&unique("key")).set("identity.development_key", "ours alone");
    let running = Shop::new(own).with(echo::definition()).start().await.unwrap();
    let address = format!("http://{}", running.addr());
    let channel = Channel::to(&address, &Caller::user("alice"), &CONTRACT).unwrap();
    assert_eq!(code_of_known(Client::new(channel.clone())).await, Code::Unauthenticated);
    let token = identity::development_token_with(&Caller::user("alice"), &[], "ours alone");
    assert_eq!(code_of_known(Client::new(channel.with_token(&token))).await, Code::Ok);
    assert_eq!(code_of_known(Client::new(running.channel("echo"))).await, Code::Ok);
    running.drain().await.unwrap();
}
