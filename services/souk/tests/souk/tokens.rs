//! `souk token`: who one is, in a line that every call can carry.

use souk_chassis::Caller;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{GetOrderRequest, ListQuarantinedOrdersRequest};
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic::{Code, Request};

use crate::support::{Customer, folder, run, shop_in};

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

    let mut user = OrderServiceClient::new(shop.channel_as(&Caller::User("alice".to_owned())));
    let denied =
        user.list_quarantined_orders(ListQuarantinedOrdersRequest::default()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
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
    ] {
        let ran = run(&[&["token"], arguments].concat()).await.exited_with(code);
        assert!(ran.err.contains(told), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.err.is_empty(), told.is_empty(), "{}", ran.err);
    }
}
