//! What a request of tiny items costs in memory: nothing beyond its own bytes. The only test of its
//! program, since it reads the peak of the whole process.
#![cfg(target_os = "linux")]

use std::convert::Infallible;

use http_body::Frame;
use http_body_util::StreamBody;
use prost::Message;
use prost::bytes::Bytes;
use souk_client::events::v1::PublishEventsRequest;
use souk_client::inventory::v1::BatchGetStockRequest;
use souk_client::ledger::v1::CreateTransfersRequest;
use souk_client::orders::v1::PlaceOrderRequest;
use souk_contract::{MAX_MESSAGE_BYTES, Validate};
use tonic::codec::Codec as _;
use tonic::codegen::tokio_stream::iter;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

/// Returns the most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Reads one request as a server does, as it comes over a connection: of the largest size, one
/// piece of two bytes again and again.
async fn read<M: Message + Default + Validate + 'static>(
    piece: [u8; 2],
) -> Result<Option<M>, Status> {
    const CHUNK: usize = 16 << 10;
    let prefix = [&[0][..], &u32::try_from(MAX_MESSAGE_BYTES).unwrap().to_be_bytes()].concat();
    let chunk = Bytes::from(piece.repeat(CHUNK / 2));
    let chunks = std::iter::once(Bytes::from(prefix))
        .chain(std::iter::repeat_n(chunk, MAX_MESSAGE_BYTES / CHUNK));
    let body = StreamBody::new(iter(chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)))));
    let decoder = souk_contract::Codec::<(), M>::default().decoder();
    Streaming::new_request(decoder, body, None, Some(MAX_MESSAGE_BYTES)).message().await
}

async fn is_refused<M: Message + Default + Validate + 'static>(piece: [u8; 2], field: &str) {
    let status = read::<M>(piece).await.err().expect("it has too many items");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), [field]);
}

#[tokio::test]
async fn a_message_of_tiny_items_costs_no_more_than_its_bytes() {
    // An unknown field of 16 MiB: the cost of the bytes themselves.
    read::<BatchGetStockRequest>([0x78, 0]).await.unwrap_err();
    let before = peak();
    is_refused::<BatchGetStockRequest>([0x0a, 0], "skus").await;
    is_refused::<PublishEventsRequest>([0x0a, 0], "events").await;
    is_refused::<CreateTransfersRequest>([0x0a, 0], "transfers").await;
    is_refused::<PlaceOrderRequest>([0x2a, 0], "lines").await;
    let more = peak() - before;
    assert!(more < 4096, "{more} KiB more than the bytes of the message");
}
