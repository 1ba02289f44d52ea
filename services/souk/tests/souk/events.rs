//! `souk events tail` shows what happens in a running shop.

use serde_json::Value;

use crate::support::{Customer, address, folder, run, shop_in};

#[tokio::test]
async fn the_events_of_an_order_are_shown_by_type_from_where_one_asks() {
    let folder = folder();
    let shop = shop_in(folder.path()).start().await;
    let order = Customer::of(&shop).buy("r1").await.unwrap();

    let tail = ["events", "tail", "--to", &address(&shop), "--type", "souk.orders.v1.*", "--from"];
    let told = run(&[&tail[..], &["earliest", "--limit", "2"]].concat()).await.exited_with(0).out;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].contains(&format!("souk.orders.v1.OrderPlaced  {}  {{", order.order_id)), "{told}");
    assert!(lines[1].contains("souk.orders.v1.OrderPaid"), "{told}");

    let told = run(&[&tail[..], &["1h", "--limit", "1", "--json"]].concat()).await.exited_with(0).out;
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

    let folder = folder();
    let shop = shop_in(folder.path()).argument("--without=events").start().await;
    let without = run(&["events", "tail", "--to", &address(&shop)]).await.exited_with(1).err;
    assert!(without.contains("no method /souk.events.v1.EventService/Subscribe here"), "{without}");
}
