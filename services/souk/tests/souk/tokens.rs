//! `souk token`: who one is, in a line that every call can carry.

use souk_chassis::Caller;
use souk_client::ops::v1::ListQuarantinedSagasRequest;
use souk_client::ops::v1::saga_service_client::SagaServiceClient;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{GetOrderRequest, ListOrdersRequest};
use souk_testkit::eventually;
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic::{Code, Request};

use crate::support::{Customer, LIMIT, folder, run, shop_in};

async fn token(who: &str) -> String {
    token_with(who, &[]).await
}

async fn token_with(who: &str, more: &[&str]) -> String {
    let ran = run(&[&["token", "--as", who], more].concat()).await.exited_with(0);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    ran.out.trim().to_owned()
}

#[tokio::test]
async fn a_token_says_who_calls() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let order_id = Customer::of(&shop).buy("a").await.unwrap().order_id;
    let channel = Endpoint::from_shared(shop.url()).unwrap().connect().await.unwrap();
    let client = OrderServiceClient::new(channel);

    let get = |bearer: String| {
        let mut client = client.clone();
        let mut request = Request::new(GetOrderRequest { order_id: order_id.clone() });
        request.metadata_mut().insert("authorization", MetadataValue::try_from(bearer).unwrap());
        async move { client.get_order(request).await.map(|_| ()).map_err(|status| status.code()) }
    };
    assert_eq!(get(format!("Bearer {}", token("user:alice").await)).await, Ok(()));
    for (who, more, came) in [
        ("staff", &["--role", "support"][..], Ok(())),
        ("staff:ann", &["--role", "admin"], Ok(())),
        ("staff:ann", &["--role", "merchandiser"], Err(Code::PermissionDenied)),
        ("staff:ann", &["--role", "merchandiser", "--scope", "orders.read"], Ok(())),
        ("staff:ann", &[], Err(Code::PermissionDenied)),
        ("service:web", &["--scope", "orders.place,orders.read"], Ok(())),
        ("service:web", &[], Err(Code::PermissionDenied)),
    ] {
        let bearer = format!("Bearer {}", token_with(who, more).await);
        assert_eq!(get(bearer).await, came, "{who} {more:?}");
    }
    assert_eq!(get(format!("Bearer {}", token("user:mallory").await)).await, Err(Code::NotFound));
    assert_eq!(
        get(format!("Bearer {}x", token("user:alice").await)).await,
        Err(Code::Unauthenticated)
    );

    let mut user = SagaServiceClient::new(shop.channel_as(&Caller::user("alice")));
    let denied =
        user.list_quarantined_sagas(ListQuarantinedSagasRequest::default()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn the_customer_of_a_name_is_printed() {
    let customer = token_with("user:alice", &["--customer"]).await;
    assert_eq!(customer, "customer_6hwct5gq5kb1dtg419zs3z7jba");
    let guest = token_with("guest:alice", &["--customer"]).await;
    assert_eq!(guest, "customer_7a1c0bhxjtaj4smrtkvpjhm00e");
}

#[tokio::test]
async fn a_token_ends_when_it_was_told_to() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let channel = Endpoint::from_shared(shop.url()).unwrap().connect().await.unwrap();
    let list = async |token: String| {
        let mut request = Request::new(ListOrdersRequest::default());
        let bearer = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
        request.metadata_mut().insert("authorization", bearer);
        let listed = OrderServiceClient::new(channel.clone()).list_orders(request).await;
        listed.map(|_| ()).map_err(|status| status.code())
    };
    assert_eq!(list(token_with("guest:x", &["--expires", "1h"]).await).await, Ok(()));
    let short = token_with("guest:x", &["--expires", "1s"]).await;
    let ended = || async { list(short.clone()).await == Err(Code::Unauthenticated) };
    eventually(LIMIT, ended).await;
}

#[tokio::test]
async fn a_token_that_opens_nothing_says_so_and_a_wrong_role_or_scope_is_refused() {
    for (arguments, code, told) in [
        (&["--as", "staff:ann"][..], 0, "add --role or --scope"),
        (&["--as", "service:web"], 0, "add --scope"),
        (&["--as", "user:alice"], 0, ""),
        (&["--as", "service:web", "--role", "admin"], 64, "--role is for staff"),
        (&["--as", "staff:ann", "--role", "boss"], 64, "merchandiser"),
        (&["--as", "staff:ann", "--scope", "Orders"], 64, "such as orders.read"),
        (&["--as", "guest:x", "--expires", "12h"], 0, ""),
        (&["--as", "guest:x", "--expires", "0s"], 64, "such as 90s"),
        (&["--as", "guest:x", "--expires", "soon"], 64, "such as 90s"),
        (&["--as", "staff:ann", "--expires", "12h"], 64, "--expires is for users and guests"),
        (&["--as", "service:web", "--customer"], 64, "--customer is for users and guests"),
        (&["--as", "user:alice", "--customer", "--expires", "1h"], 64, "cannot be used with"),
    ] {
        let ran = run(&[&["token"], arguments].concat()).await.exited_with(code);
        assert!(ran.err.contains(told), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.err.is_empty(), told.is_empty(), "{}", ran.err);
    }
}
