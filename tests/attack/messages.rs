//! Messages that are small on the wire and large in memory: each is refused before it is decoded, in any number.

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use souk_chassis::Caller;
use souk_testkit::{CallerChannel, ChildShop};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

use crate::cage::{Cage, forget_peak, peak_bytes};
use crate::shop::{CONTAINER_BYTES, browse, start};

/// The largest message that any server reads.
const MESSAGE_BYTES: usize = 16 << 20;

/// What one refused call may cost beyond its bytes on the wire: the buffers of a connection.
const ALLOWED_BYTES: u64 = 48 << 20;

/// The callers, methods and fields to which one message once cost gigabytes; the field is a list of messages or texts.
const METHODS: [(&str, &str, u8); 5] = [
    ("user:mallory", "/souk.orders.v1.OrderService/PlaceOrder", 5),
    ("service:payments", "/souk.ledger.v1.LedgerService/CreateTransfers", 1),
    ("service:orders", "/souk.events.v1.EventService/Publish", 1),
    ("anonymous", "/souk.inventory.v1.InventoryService/BatchGetStock", 1),
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

fn channel(shop: &ChildShop, caller: &str) -> CallerChannel {
    let caller: Caller = if caller == "anonymous" { Caller::Anonymous } else { caller.parse().expect("a caller") };
    shop.channel_as(&caller)
}

async fn send(channel: CallerChannel, path: &'static str, message: Bytes) -> Status {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.expect("a connection");
    let path = PathAndQuery::from_static(path);
    grpc.unary(Request::new(message), path, Raw).await.expect_err("such a message is refused")
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
            let message = Bytes::from([field << 3 | 2, 0].repeat(bytes / 2));
            let before = forget_peak(process);
            let status = send(channel(&shop, caller), path, message).await;
            let cost = peak_bytes(process).saturating_sub(before);
            assert!(matches!(status.code(), Code::ResourceExhausted | Code::InvalidArgument), "{path}: {status:?}");
            assert!(cost < ALLOWED_BYTES, "{path}: {bytes} bytes of empty elements cost {cost} bytes");
        }
    }

    // Twenty at once ended a container of this size.
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (_, path, field) = METHODS[3];
        let message = Bytes::from([field << 3 | 2, 0].repeat(MESSAGE_BYTES / 2 - 1));
        calls.spawn(send(channel(&shop, "anonymous"), path, message));
    }
    while let Some(status) = calls.join_next().await {
        let status = status.expect("no call panics");
        assert!(matches!(status.code(), Code::ResourceExhausted | Code::InvalidArgument), "{status:?}");
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
    let status = send(channel(&shop, "anonymous"), "/souk.catalog.v1.CatalogService/ListProducts", message).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    browse(&shop).await;
}
