//! Webhooks that shall reach what only the shop can reach (SSRF): refused when the endpoint is
//! created if its URL shows it, and at delivery if only a name or the receiver leads inside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prost_types::FieldMask;
use souk_chassis::Caller;
use souk_client::notifications::v1 as pb;
use souk_client::notifications::v1::notification_service_client::NotificationServiceClient;
use souk_testkit::{CallerChannel, eventually, field_violations, reason_of};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tonic::{Code, Response, Status};

use crate::process::Process;
use crate::shop::{LIMIT, buy, start, user};

type Notifications = NotificationServiceClient<CallerChannel>;

const OUTSIDE: &str = "https://hooks.example.com/hook";

/// Addresses that are not the public internet, in every way that a URL can write them.
const INSIDE: [&str; 19] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.01",
    "0",
    "10.0.0.1",
    "169.254.169.254",
    "2852039166",
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::127.0.0.1]",
];

/// Names that never lead to the public internet.
const LOCAL: [&str; 4] = ["localhost", "shop.localhost", "metadata.google.internal", "postgres"];

fn erp(notifications: &Process) -> Notifications {
    NotificationServiceClient::new(notifications.channel_as(&Caller::Service("erp".to_owned())))
}

/// A request for an endpoint that gets the event OrderPlaced.
fn endpoint(url: &str) -> pb::CreateWebhookEndpointRequest {
    pb::CreateWebhookEndpointRequest {
        request_id: url.to_owned(),
        endpoint: Some(pb::WebhookEndpoint {
            url: url.to_owned(),
            event_types: vec!["souk.orders.v1.OrderPlaced".to_owned()],
            ..Default::default()
        }),
    }
}

async fn create(notifications: &mut Notifications, url: &str) -> String {
    let made = notifications
        .create_webhook_endpoint(endpoint(url))
        .await
        .expect("an endpoint")
        .into_inner();
    made.endpoint.expect("an endpoint").endpoint_id
}

/// Checks that a URL was refused as a target for this problem, and which field had it.
fn assert_refused<T>(answer: Result<Response<T>, Status>, url: &str, problem: &str) {
    let status = answer.err().unwrap_or_else(|| panic!("{url} was taken"));
    assert_eq!(status.code(), Code::InvalidArgument, "{url}: {status:?}");
    assert_eq!(reason_of(&status), "ERROR_REASON_TARGET_REFUSED", "{url}: {status:?}");
    let violations = field_violations(&status);
    let [violation] = &violations[..] else { panic!("{url}: {violations:?}") };
    assert_eq!(violation.field, "endpoint.url");
    assert_eq!(violation.description, problem, "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_to_an_inside_address_is_refused_however_it_is_written() {
    let process = Process::start("notifications", &[]).await;
    let mut notifications = erp(&process);
    let endpoint_id = create(&mut notifications, OUTSIDE).await;

    let addresses = INSIDE.iter().map(|host| (*host, "its address is private or reserved"));
    let names = LOCAL.iter().map(|host| (*host, "its name is a local one"));
    for (host, problem) in addresses.chain(names) {
        let url = format!("https://{host}/hook");
        assert_refused(notifications.create_webhook_endpoint(endpoint(&url)).await, &url, problem);
        let change = pb::UpdateWebhookEndpointRequest {
            endpoint: Some(pb::WebhookEndpoint {
                endpoint_id: endpoint_id.clone(),
                url: url.clone(),
                ..Default::default()
            }),
            update_mask: Some(FieldMask { paths: vec!["url".to_owned()] }),
        };
        assert_refused(notifications.update_webhook_endpoint(change).await, &url, problem);
    }
    for (url, problem) in [
        ("http://hooks.example.com/hook", "it is not https"),
        ("https://hooks.example.com@127.0.0.1/hook", "it has a user name or a password in it"),
        ("https://hooks.example.com:22/hook", "its port 22 is not allowed; allowed are 443"),
    ] {
        assert_refused(notifications.create_webhook_endpoint(endpoint(url)).await, url, problem);
    }

    let list = pb::ListWebhookEndpointsRequest::default();
    let list =
        notifications.list_webhook_endpoints(list).await.expect("a list").into_inner().endpoints;
    let urls: Vec<&str> = list.iter().map(|endpoint| endpoint.url.as_str()).collect();
    assert_eq!(urls, [OUTSIDE], "nothing that was refused is kept");
}

/// A listener that counts its connections and answers each request with one text.
struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Receiver {
    async fn start(host: &str, answer: String) -> Receiver {
        let listener = TcpListener::bind((host, 0)).await.expect("an address of this machine");
        let address = listener.local_addr().expect("it listens");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 16 << 10]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Receiver { address, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Waits until the only delivery of an endpoint was tried, and returns why that failed, with the
/// status of HTTP.
async fn failure(
    notifications: &Notifications,
    endpoint_id: &str,
) -> (pb::NotificationDeliveryFailure, i32) {
    let request = pb::ListNotificationDeliveriesRequest {
        endpoint_id: endpoint_id.to_owned(),
        ..Default::default()
    };
    eventually(LIMIT, || async {
        let list = notifications
            .clone()
            .list_notification_deliveries(request.clone())
            .await
            .map_err(|status| format!("{status:?}"));
        let deliveries = list?.into_inner().deliveries;
        match &deliveries[..] {
            [delivery] if delivery.attempt_count > 0 => {
                Ok((delivery.failure(), delivery.failure_code))
            }
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_led_inside_by_no_redirect_and_by_no_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let inside = Receiver::start("127.0.0.1", "HTTP/1.1 204 No Content\r\n\r\n".to_owned()).await;
    // A 307 asks for the same POST elsewhere.
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        inside.address
    );
    // An address that the operator allows is the internet of this test; the address beside it is
    // not allowed.
    let outside = Receiver::start("127.0.0.2", redirect).await;
    let port = inside.address.port().to_string();
    let settings = [
        ("upstreams.events", shop.url()),
        ("webhooks.allow_http", "true".to_owned()),
        ("webhooks.allowed_networks", "127.0.0.2/32".to_owned()),
        ("webhooks.allowed_ports", port.clone()),
    ];
    let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
    let process = Process::start("notifications", &settings).await;
    let mut notifications = erp(&process);

    let direct = format!("http://{}/hook", inside.address);
    let refused = notifications.create_webhook_endpoint(endpoint(&direct)).await;
    assert_refused(refused, &direct, "its address is private or reserved");
    let redirected = create(&mut notifications, &format!("http://{}/hook", outside.address)).await;
    let named = create(&mut notifications, &format!("http://localhost:{port}/hook")).await;

    buy(user(&shop, "alice"), "redirected", 1).await.expect("an order");
    let refused = failure(&notifications, &redirected).await;
    assert_eq!(refused, (pb::NotificationDeliveryFailure::HttpStatus, 307));
    let refused = failure(&notifications, &named).await;
    assert_eq!(refused, (pb::NotificationDeliveryFailure::TargetRefused, 0));
    assert!(outside.connections() > 0, "the redirect was not even asked for");
    assert_eq!(inside.connections(), 0, "a webhook came to an inside address");
}
