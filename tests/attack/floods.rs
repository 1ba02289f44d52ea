//! Clients that take what they can get of connections, streams, slots and frames, and read nothing.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use souk_testkit::{ChildShop, eventually};

use crate::cage::Cage;
use crate::shop::{CONTAINER_BYTES, LIMIT, address, browse, buy, start, user};
use crate::wire::{
    CONTINUATION, DATA, END_HEADERS, HEADERS, INITIAL_WINDOW_SIZE, PING, RST_STREAM, SETTINGS,
    Wire, call, call_head, frame, indexed_literal, integer,
};

const LIST_PRODUCTS: &str = "/souk.catalog.v1.CatalogService/ListProducts";
const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// Returns what `GET /readyz` answers first: its status line.
fn readyz(shop: &ChildShop) -> String {
    let metrics = shop.metrics_url();
    let address = metrics
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix("/metrics"))
        .expect("a URL");
    let mut stream = TcpStream::connect(address).expect("the metrics port listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n")
        .expect("it reads");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.lines().next().unwrap_or_default().to_owned()
}

async fn assert_open(shop: &ChildShop, request_id: &str) {
    browse(shop).await;
    buy(user(shop, "alice"), request_id, 1).await.expect("others buy under attack");
    assert_eq!(readyz(shop), "HTTP/1.1 200 OK");
}

/// Each row of the first section on one shop in one container, since together they must not add up
/// either.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_take_only_what_is_their_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let cage = Cage::around(shop.id().expect("it runs"), CONTAINER_BYTES);

    // Calls whose responses are never read: the window is closed, and PINGs are answered.
    let mut unread = Vec::new();
    for _ in 0..5 {
        let wire = Wire::open(address(&shop), &[(INITIAL_WINDOW_SIZE, 0)]).await;
        for number in 0..2_000 {
            wire.send(&call(number * 2 + 1, LIST_PRODUCTS, &[])).await;
        }
        unread.push(wire);
    }
    assert_open(&shop, "unread").await;

    // Watches of health that never end.
    let mut watches = Vec::new();
    for _ in 0..5 {
        let wire = Wire::open(address(&shop), &[]).await;
        for number in 0..2_000 {
            wire.send(&call(number * 2 + 1, WATCH, &[])).await;
        }
        watches.push(wire);
    }
    assert_open(&shop, "watches").await;

    // Bodies that never come to their end.
    let mut slow = Vec::new();
    for _ in 0..5 {
        let wire = Wire::open(address(&shop), &[]).await;
        for number in 0..200 {
            let stream = number * 2 + 1;
            wire.send(&frame(HEADERS, END_HEADERS, stream, &call_head(LIST_PRODUCTS))).await;
            wire.send(&frame(DATA, 0, stream, &[0, 0, 0, 4, 0, 1])).await;
        }
        slow.push(wire);
    }
    assert_open(&shop, "slow").await;
    cage.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_are_closed_and_leave_the_pages_their_descriptors() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let id = shop.id().expect("it runs");
    let open = || std::fs::read_dir(format!("/proc/{id}/fd")).expect("its descriptors").count();
    let limit = (open() + 64).to_string();
    let arguments = [format!("--pid={id}"), format!("--nofile={limit}")];
    assert!(
        Command::new("prlimit").args(arguments).status().expect("prlimit(1) is there").success()
    );

    let mut silent: Vec<_> =
        (0..80).filter_map(|_| TcpStream::connect(address(&shop)).ok()).collect();
    // At once, and not only when the silent ones are closed.
    let asked = Instant::now();
    assert_eq!(readyz(&shop), "HTTP/1.1 200 OK", "with {} silent connections", silent.len());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    // Ten seconds are given for a first word, to those that had to wait for a descriptor as well.
    for stream in &mut silent {
        stream.set_read_timeout(Some(LIMIT)).expect("a limit");
        let ended = std::io::copy(stream, &mut std::io::sink()).map_err(|error| error.kind());
        assert!(matches!(ended, Ok(_) | Err(ErrorKind::ConnectionReset)), "{ended:?}");
    }
    assert_open(&shop, "silent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_frames_hurt_only_their_own_connection() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = start(&folder).await;
    let cage = Cage::around(shop.id().expect("it runs"), CONTAINER_BYTES);

    // Rapid reset (CVE-2023-44487): every stream is given up as soon as it is opened.
    let wire = Wire::open(address(&shop), &[]).await;
    for number in 0..20_000 {
        let stream = number * 2 + 1;
        let mut frames = frame(HEADERS, END_HEADERS, stream, &call_head(LIST_PRODUCTS));
        frames.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        if !wire.send(&frames).await {
            break;
        }
    }
    eventually(LIMIT, || async { wire.is_closed() }).await;
    assert_open(&shop, "reset").await;

    // A head that never ends (CONTINUATION flood).
    let wire = Wire::open(address(&shop), &[]).await;
    wire.send(&frame(HEADERS, 0, 1, &call_head(LIST_PRODUCTS))).await;
    let part = crate::wire::literal("x-part", &"x".repeat(8_000));
    let mut sent = 0;
    while sent < 20_000 && wire.send(&frame(CONTINUATION, 0, 1, &part)).await {
        sent += 1;
    }
    assert!(sent < 20_000, "a head of 160 MB was read");
    assert_open(&shop, "continuation").await;

    // PINGs and SETTINGS, each of which wants a response, from a client that reads none.
    for (kind, payload) in [(PING, &[0; 8][..]), (SETTINGS, &[])] {
        let mut stream = TcpStream::connect(address(&shop)).expect("the shop listens");
        stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a limit");
        let _ = stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[]));
        let many = frame(kind, 0, 0, payload).repeat(1_000);
        // It blocks, or the shop closes: either ends it.
        for _ in 0..1_000 {
            if stream.write_all(&many).is_err() {
                break;
            }
        }
        assert_open(&shop, &format!("frames-{kind}")).await;
    }

    // An HPACK bomb: one long header, then references to it that would unpack to gigabytes.
    let wire = Wire::open(address(&shop), &[]).await;
    let mut head = call_head(LIST_PRODUCTS);
    head.extend(indexed_literal("x-long", &"x".repeat(3_900)));
    for number in 0..500 {
        let stream = number * 2 + 1;
        let mut block = if number == 0 { head.clone() } else { call_head(LIST_PRODUCTS) };
        block.extend(integer(62, 7, 0x80).repeat(8_000));
        if !wire.send(&frame(HEADERS, END_HEADERS, stream, &block)).await {
            break;
        }
    }
    assert_open(&shop, "hpack").await;
    cage.assert_kept();
}
