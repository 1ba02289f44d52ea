//! A copy of a running shop has what the services of other languages know, as well as what those of
//! the one program know.

use std::path::Path;

use prost_types::FieldMask;
use souk_chassis::Caller;
use souk_client::notifications::v1 as notifications;
use souk_client::notifications::v1::notification_service_client::NotificationServiceClient;
use souk_client::wishlists::v1 as wishlists;
use souk_client::wishlists::v1::wishlist_service_client::WishlistServiceClient;
use souk_testkit::{CallerChannel, ChildShop, check_invariants, connect_as, eventually};

use crate::process::url_in;
use crate::shop::{LIMIT, audit, buy, run, user};

const URL: &str = "https://hooks.example.com/hook";

/// A sku that no shop has, so that no message says that it is in stock again.
const WISHED: &str = "SOLD-OUT";

/// Starts a shop with the services of other languages; `keys` is where they keep what is not in
/// their data.
async fn start(folder: &Path, keys: &Path) -> ChildShop {
    let shop = ChildShop::up_with_all(folder)
        .await
        .environment("XDG_STATE_HOME", keys)
        .environment("SOUK__LOG__LEVEL", "warn");
    shop.start().await
}

/// Connects to a service of another language once it serves.
async fn connect(shop: &ChildShop, service: &str, caller: Caller) -> CallerChannel {
    let ready = shop.data().join(service).join("ready");
    connect_as(&url_in(&ready, &shop.log()).await, &caller)
}

/// What those services know of a shop in which alice has bought once.
#[derive(Debug, PartialEq)]
struct Known {
    preferences: notifications::NotificationPreferences,
    wished: Vec<String>,
    messages: Vec<String>,
    urls: Vec<String>,
    orders: i64,
}

/// Reads it when there is something of everything.
async fn known(shop: &ChildShop) -> Known {
    let alice = connect(shop, "notifications", Caller::user("alice")).await;
    let erp = connect(shop, "notifications", Caller::Service("erp".to_owned())).await;
    let staff = connect(shop, "recommendations", Caller::Staff("ada".to_owned())).await;
    let alice = NotificationServiceClient::new(alice);
    let erp = NotificationServiceClient::new(erp);

    let preferences = eventually(LIMIT, || async {
        let mine = notifications::GetNotificationPreferencesRequest::default();
        alice.clone().get_notification_preferences(mine).await
    });
    let preferences = preferences.await.into_inner().preferences.expect("preferences");
    let messages = eventually(LIMIT, || async {
        let mine = notifications::ListInAppMessagesRequest::default();
        let list = alice.clone().list_in_app_messages(mine).await;
        let list = list.map_err(|status| format!("{status:?}"))?.into_inner().messages;
        // Placed and paid: nothing more is on its way.
        if list.len() == 2 { Ok(list) } else { Err(format!("{list:?}")) }
    });
    let mut messages: Vec<String> =
        messages.await.into_iter().map(|message| message.message_id).collect();
    messages.sort();
    let list = eventually(LIMIT, || async {
        erp.clone()
            .list_webhook_endpoints(notifications::ListWebhookEndpointsRequest::default())
            .await
    });
    let urls = list.await.into_inner().endpoints.into_iter().map(|endpoint| endpoint.url).collect();
    let wisher =
        WishlistServiceClient::new(connect(shop, "wishlists", Caller::user("alice")).await);
    let lists = eventually(LIMIT, || async {
        wisher.clone().list_wishlists(wishlists::ListWishlistsRequest::default()).await
    });
    let lists = lists.await.into_inner().wishlists.into_iter();
    let wished = lists.flat_map(|list| list.items).map(|item| item.sku).collect();
    let orders = eventually(LIMIT, || async {
        let audit = check_invariants(staff.clone(), "recommendations").await.ok()?;
        let orders = audit.counts.into_iter().find(|count| count.what == "orders")?.count;
        (orders > 0).then_some(orders)
    });
    Known { preferences, wished, messages, urls, orders: orders.await }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_has_what_the_services_of_other_languages_know() {
    let folder = tempfile::tempdir();
    let copies = tempfile::tempdir();
    let keys = tempfile::tempdir();
    let folder = folder.expect("a temporary folder");
    let copies = copies.expect("another");
    let keys = keys.expect("a third");
    let shop = start(folder.path(), keys.path()).await;

    let alice = connect(&shop, "notifications", Caller::user("alice")).await;
    let wanted = notifications::UpdateNotificationPreferencesRequest {
        preferences: Some(notifications::NotificationPreferences {
            email_address: "someone@example.com".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(FieldMask { paths: vec!["email_address".to_owned()] }),
    };
    // A service that has only just started may miss a deadline on a busy machine; both calls may be
    // repeated.
    let alice = NotificationServiceClient::new(alice);
    eventually(LIMIT, || async {
        alice.clone().update_notification_preferences(wanted.clone()).await
    })
    .await;
    let wisher =
        WishlistServiceClient::new(connect(&shop, "wishlists", Caller::user("alice")).await);
    let wish = wishlists::CreateWishlistRequest {
        request_id: "once".to_owned(),
        wishlist: Some(wishlists::Wishlist {
            title: "Birthday".to_owned(),
            items: vec![wishlists::WishlistItem { sku: WISHED.to_owned(), ..Default::default() }],
            ..Default::default()
        }),
    };
    eventually(LIMIT, || async { wisher.clone().create_wishlist(wish.clone()).await }).await;
    let erp = connect(&shop, "notifications", Caller::Service("erp".to_owned())).await;
    let endpoint = notifications::CreateWebhookEndpointRequest {
        request_id: "once".to_owned(),
        endpoint: Some(notifications::WebhookEndpoint {
            url: URL.to_owned(),
            event_types: vec!["souk.catalog.v1.*".to_owned()],
            ..Default::default()
        }),
    };
    let erp = NotificationServiceClient::new(erp);
    eventually(LIMIT, || async { erp.clone().create_webhook_endpoint(endpoint.clone()).await })
        .await;
    eventually(LIMIT, || buy(user(&shop, "alice"), "mine", 1)).await;
    let before = known(&shop).await;
    assert_eq!(before.preferences.email_address, "someone@example.com");
    assert_eq!(before.wished, [WISHED]);
    assert_eq!(before.urls, [URL]);

    let copy = copies.path().join("data");
    let data = shop.data();
    let paths = (copy.to_str().expect("a path is text"), data.to_str().expect("a path is text"));
    let copied = run(&["backup", paths.0, "--data", paths.1]).await;
    let said = String::from_utf8_lossy(&copied.stdout).into_owned();
    assert!(copied.status.success() && said.starts_with("copied 10 databases"), "{copied:?}");
    drop(shop);

    let copy = start(copies.path(), keys.path()).await;
    assert_eq!(known(&copy).await, before);
    audit(&copy).await;
}
