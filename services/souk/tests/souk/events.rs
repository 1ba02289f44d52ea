//! `souk events tail` shows what happens in a running shop.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{Customer, LIMIT, Ran, address, folder, run, shop_in, souk};

#[tokio::test]
async fn the_events_of_an_order_are_shown_by_type_from_where_one_asks() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let order = Customer::of(&shop).buy("r1").await.unwrap();

    let tail = ["events", "tail", "--to", &address(&shop), "--type", "souk.orders.v1.*", "--from"];
    let told = run(&[&tail[..], &["earliest", "--limit", "2"]].concat()).await.exited_with(0).out;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(
        lines[0].contains(&format!("souk.orders.v1.OrderPlaced  {}  {{", order.order_id)),
        "{told}"
    );
    assert!(lines[1].contains("souk.orders.v1.OrderPaid"), "{told}");

    // As with `| head -1`: when the reader is gone it ends quietly, without waiting for another
    // event.
    let mut command = Command::new(souk());
    command
        .args(tail)
        .arg("earliest")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut left = command.kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(left.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    assert!(line.contains("souk.orders.v1.OrderPlaced"), "{line}");
    let ended =
        tokio::time::timeout(LIMIT, left.wait_with_output()).await.expect("it ends").unwrap();
    assert_eq!(Ran::of(&ended).exited_with(0).err, "");

    let told =
        run(&[&tail[..], &["1h", "--limit", "1", "--json"]].concat()).await.exited_with(0).out;
    let event: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&event["source"], &event["data"]["order"]["orderId"]),
        (&"/services/orders".into(), &Value::from(order.order_id))
    );
}

#[tokio::test]
async fn what_keeps_it_from_showing_anything_is_said_in_one_line() {
    let none = run(&["events", "tail", "--to", "127.0.0.1:1"]).await.exited_with(1).err;
    assert!(none.contains("127.0.0.1:1 cannot be reached") && none.lines().count() == 1, "{none}");
    let wrong = run(&["events", "tail", "--from", "yesterday"]).await.exited_with(64).err;
    assert!(wrong.contains("how long ago"), "{wrong}");
    let wrong = run(&["events", "tail", "--from", "999999d"]).await.exited_with(64).err;
    assert!(
        wrong.contains("must be a time from 0001-01-01T00:00:00Z") && wrong.contains("d ago"),
        "{wrong}"
    );

    let folder = folder();
    let shop = shop_in(folder.path()).argument("--without=events").start().await;
    let without = run(&["events", "tail", "--to", &address(&shop)]).await.exited_with(1).err;
    assert!(without.contains("unknown method /souk.events.v1.EventService/Subscribe"), "{without}");
}
