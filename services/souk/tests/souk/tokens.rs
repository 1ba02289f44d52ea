//! `souk token`: who one is, in a line that every call can carry.

use souk_chassis::Caller;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::{GetOrderRequest, ListQuarantinedOrdersRequest};
use tonic::metadata::MetadataValue;
use tonic::transport::Endpoint;
use tonic::{Code, Request};

use crate::support::{Customer, folder, run, shop_in};

async fn token(who: &str) -> String {
    let ran = run(&["token", "--as", who]).await.exited_with(0);
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
    assert_eq!(get(format!("Bearer {}", token("staff").await)).await, Ok(()));
    assert_eq!(get(format!("Bearer {}", token("service:web").await)).await, Ok(()));
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
