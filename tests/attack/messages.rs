//! Messages that are small on the wire and large in memory: each is refused before it is decoded,
//! in any number.

use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use souk_chassis::Caller;
use souk_testkit::{CallerChannel, ChildShop, field_violations, reason_of};
use tokio::task::JoinSet;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

use crate::cage::{Cage, forget_peak, peak_bytes};
use crate::process::Process;
use crate::shop::{CONTAINER_BYTES, browse, start};

/// The largest message that any server reads.
const MESSAGE_BYTES: usize = 16 << 20;

/// What one refused call may cost beyond its bytes on the wire: the buffers of a connection.
const ALLOWED_BYTES: u64 = 48 << 20;

/// The callers, methods and fields to which one message once cost gigabytes; the field is a list of
/// messages or texts.
const METHODS: [(&str, &str, u8); 5] = [
    ("user:mallory", "/souk.orders.v1.OrderService/PlaceOrder", 5),
    ("service:payments", "/souk.ledger.v1.LedgerService/CreateTransfers", 1),
    ("service:orders", "/souk.events.v1.EventService/PublishEvents", 1),
    ("anonymous", "/souk.inventory.v1.InventoryService/GetAvailability", 1),
    ("staff:mallory", "/souk.inventory.v1.InventoryService/ReceiveStock", 2),
];

/// Sends and receives bytes as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

fn caller(name: &str) -> Caller {
    if name == "anonymous" { Caller::Anonymous } else { name.parse().expect("a caller") }
}

fn channel(shop: &ChildShop, name: &str) -> CallerChannel {
    shop.channel_as(&caller(name))
}

async fn call(channel: CallerChannel, path: &'static str, message: Bytes) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.expect("a connection");
    let path = PathAndQuery::from_static(path);
    grpc.unary(Request::new(message), path, Raw).await.map(tonic::Response::into_inner)
}

async fn send(channel: CallerChannel, path: &'static str, message: Bytes) -> Status {
    call(channel, path, message).await.expect_err("such a message is refused")
}

/// Returns a message that is nothing but empty elements of a list, two bytes each.
fn empty_elements(field: u8, bytes: usize) -> Bytes {
    Bytes::from([field << 3 | 2, 0].repeat(bytes / 2))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_empty_elements_is_refused_within_its_own_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let process = shop.id().expect("it runs");
    let cage = Cage::around(process, CONTAINER_BYTES);
    browse(&shop).await;
    for (caller, path, field) in METHODS {
        for bytes in [MESSAGE_BYTES - 2, 60_000] {
            let message = empty_elements(field, bytes);
            let before = forget_peak(process);
            let status = send(channel(&shop, caller), path, message).await;
            let cost = peak_bytes(process).saturating_sub(before);
            assert!(
                matches!(status.code(), Code::ResourceExhausted | Code::InvalidArgument),
                "{path}: {status:?}"
            );
            assert!(
                cost < ALLOWED_BYTES,
                "{path}: {bytes} bytes of empty elements cost {cost} bytes"
            );
        }
    }

    // Twenty at once ended a container of this size.
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let (_, path, field) = METHODS[3];
        calls.spawn(send(
            channel(&shop, "anonymous"),
            path,
            empty_elements(field, MESSAGE_BYTES - 2),
        ));
    }
    while let Some(status) = calls.join_next().await {
        let status = status.expect("no call panics");
        assert!(
            matches!(status.code(), Code::ResourceExhausted | Code::InvalidArgument),
            "{status:?}"
        );
    }
    browse(&shop).await;
    cage.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_no_method_knows_cost_no_worker_its_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    // Field 1000 as a varint: three bytes each, five million of them.
    let message = Bytes::from([0xc0, 0x3e, 1].repeat(5_000_000));
    let status =
        send(channel(&shop, "anonymous"), "/souk.catalog.v1.CatalogService/ListProducts", message)
            .await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    browse(&shop).await;
}

/// A service in another language: its methods with a long list, and a call of another caller
/// meanwhile.
struct Target {
    service: &'static str,
    methods: [LongList; 2],
    honest_path: &'static str,
}

/// A method that takes a list, and by what field.
#[derive(Clone, Copy, Debug)]
struct LongList {
    caller: &'static str,
    path: &'static str,
    field: &'static str,
    number: u8,
}

const NODE: Target = Target {
    service: "notifications",
    methods: [
        LongList {
            caller: "user:mallory",
            path: "/souk.notifications.v1.NotificationService/MarkInAppMessagesRead",
            field: "message_ids",
            number: 2,
        },
        LongList {
            caller: "service:mallory",
            path: "/souk.notifications.v1.NotificationService/RequeueNotificationDeliveries",
            field: "delivery_ids",
            number: 1,
        },
    ],
    honest_path: "/souk.notifications.v1.NotificationService/ListInAppMessages",
};

const PYTHON: Target = Target {
    service: "recommendations",
    methods: [
        LongList {
            caller: "anonymous",
            path: "/souk.recommendations.v1.RecommendationService/ListProductsBoughtTogether",
            field: "skus",
            number: 1,
        },
        LongList {
            caller: "user:mallory",
            path: "/souk.recommendations.v1.RecommendationService/ListRecommendations",
            field: "basket_skus",
            number: 2,
        },
    ],
    honest_path: "/souk.recommendations.v1.RecommendationService/ListPopularProducts",
};

/// A message that each of those methods reads, and refuses by the count of its elements.
const COUNTED_BYTES: usize = 20_000;

/// The most memory that such a service may ever have. It starts with half of that: its interpreter
/// and packages.
const SERVICE_BYTES: u64 = 256 << 20;

/// How long a call of another caller may take meanwhile: a tenth of a second, plus what a busy
/// machine adds.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

fn attack(process: &Process, list: LongList, bytes: usize) -> impl Future<Output = Status> + use<> {
    send(process.channel_as(&caller(list.caller)), list.path, empty_elements(list.number, bytes))
}

/// Calls as another caller, and returns how long that took.
async fn honest_call(process: &Process, path: &'static str) -> Duration {
    let started = Instant::now();
    let answer = call(process.channel_as(&caller("user:alice")), path, Bytes::new()).await;
    answer.expect("others are served under attack");
    started.elapsed()
}

/// Sends one such message after another, and returns what the costliest took of memory.
async fn one_after_another(process: &Process, target: &Target) -> u64 {
    let mut costs = Vec::new();
    for list in target.methods {
        let before = forget_peak(process.id());
        let large = attack(process, list, MESSAGE_BYTES - 2).await;
        assert_eq!(large.code(), Code::ResourceExhausted, "{list:?}: {large:?}");
        assert!(large.message().contains("large"), "{list:?}: {large:?}");
        let counted = attack(process, list, COUNTED_BYTES).await;
        assert_eq!(reason_of(&counted), "ERROR_REASON_INVALID_FIELD", "{list:?}: {counted:?}");
        assert_eq!(field_violations(&counted)[0].field, list.field, "{counted:?}");
        costs.push(peak_bytes(process.id()).saturating_sub(before));
    }
    costs.into_iter().max().expect("there are methods")
}

/// Sends twenty of the largest at once, and returns the longest call of another caller meanwhile.
async fn twenty_at_once(process: &Process, target: &Target) -> Duration {
    let mut attacks = JoinSet::new();
    for number in 0..20 {
        attacks.spawn(attack(process, target.methods[number % 2], MESSAGE_BYTES - 2));
    }
    let mut longest = Duration::ZERO;
    while !attacks.is_empty() {
        longest = longest.max(honest_call(process, target.honest_path).await);
        while let Some(status) = attacks.try_join_next() {
            let status = status.expect("no call panics");
            assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        }
    }
    longest
}

async fn refuses_empty_elements(target: Target) {
    let process = Process::start(target.service, &[]).await;
    let cage = Cage::around(process.id(), CONTAINER_BYTES);
    honest_call(&process, target.honest_path).await;

    let cost = one_after_another(&process, &target).await;
    assert!(cost < ALLOWED_BYTES, "a message of empty elements cost {cost} bytes");

    forget_peak(process.id());
    let longest = twenty_at_once(&process, &target).await;
    assert!(longest < LONGEST_WAIT, "somebody else waited {longest:?}");
    let peak = peak_bytes(process.id());
    assert!(peak < SERVICE_BYTES, "twenty messages at once made it {peak} bytes large");
    cage.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_node_refuses_a_message_of_empty_elements_within_its_own_bytes() {
    refuses_empty_elements(NODE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_python_refuses_a_message_of_empty_elements_within_its_own_bytes() {
    refuses_empty_elements(PYTHON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_megabytes_is_refused_by_a_service_in_node_before_a_pattern_is_tried_on_it() {
    let process = Process::start(NODE.service, &[]).await;
    // Within field 1, the preferences: field 4, the locale, of 15,000,000 bytes (as a varint).
    let locale = [&[4 << 3 | 2, 0xc0, 0xc3, 0x93, 0x07][..], &[b'a'; 15_000_000]].concat();
    let message = Bytes::from([&[1 << 3 | 2, 0xc5, 0xc3, 0x93, 0x07][..], &locale].concat());
    let path = "/souk.notifications.v1.NotificationService/UpdateNotificationPreferences";
    let status = send(process.channel_as(&caller("user:mallory")), path, message).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    honest_call(&process, NODE.honest_path).await;
}
