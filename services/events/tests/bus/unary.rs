//! What is pulled and what is listed, on every engine.

use souk_client::events::v1 as pb;
use souk_client::events::v1::list_events_request::Selector;

use crate::support::{Events, by_key, create_from_earliest, event, named};

/// Lists the numbers of the events of a key.
async fn listed(events: &Events, key: &str, page_size: i32) -> Vec<usize> {
    let mut request = pb::ListEventsRequest {
        selector: Some(Selector::OrderingKey(key.into())),
        page_size,
        ..Default::default()
    };
    let mut numbers = Vec::new();
    loop {
        let page = events.staff().list_events(request.clone()).await.unwrap().into_inner();
        for logged in page.events {
            let data = logged.event.unwrap().data;
            numbers.push(std::str::from_utf8(&data).unwrap().parse().unwrap());
        }
        if page.next_page_token.is_empty() {
            return numbers;
        }
        request.page_token = page.next_page_token;
    }
}

on_each_bus! {
    async fn everything_is_pulled_in_order_per_key(bus: Bus) {
        let events = bus.start().await;
        events.mail().create_subscription(create_from_earliest(named("mail"))).await.unwrap();
        events.publish((0..60).map(|number| event(&format!("key-{}", number % 5), number)).collect()).await;
        let mut came = Vec::new();
        while came.len() < 60 {
            let pull = pb::PullEventsRequest { subscription_id: "mail".into(), ..Default::default() };
            let pulled = events.mail().pull_events(pull).await.unwrap().into_inner().deliveries;
            let request = pb::AcknowledgeEventsRequest {
                subscription_id: "mail".into(),
                ack_ids: pulled.iter().map(|delivery| delivery.ack_id.clone()).collect(),
                ..Default::default()
            };
            events.mail().acknowledge_events(request).await.unwrap();
            came.extend(pulled);
        }
        let came = by_key(&came);
        for key in 0..5 {
            assert_eq!(came[&format!("key-{key}")], (key..60).step_by(5).collect::<Vec<_>>());
        }
        assert_eq!(events.get("mail").await.lag, 0);
        events.end().await;
    }

    async fn the_events_of_a_key_are_listed_in_the_order_of_the_log(bus: Bus) {
        let events = bus.start().await;
        events.publish((0..90).map(|number| event(&format!("key-{}", number % 9), number)).collect()).await;
        for page_size in [3, 1000] {
            assert_eq!(listed(&events, "key-4", page_size).await, (4..90).step_by(9).collect::<Vec<_>>());
        }
        assert_eq!(listed(&events, "nobody", 10).await, [0; 0]);
        events.end().await;
    }
}
