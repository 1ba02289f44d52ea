//! ListEvents.

use std::time::Duration;

use souk_client::events::v1 as pb;
use souk_client::events::v1::list_events_request::Selector;
use souk_testkit::{Engine, on_each_engine};
use souk_types::Clock;
use tonic::Code;

use crate::support::{Events, START, event, refused, violations_of};

fn of_key(key: &str) -> pb::ListEventsRequest {
    pb::ListEventsRequest {
        selector: Some(Selector::OrderingKey(key.into())),
        ..Default::default()
    }
}

/// Walks all pages and returns the numbers of the events.
async fn walk(events: &Events, mut request: pb::ListEventsRequest) -> Vec<usize> {
    let mut numbers = Vec::new();
    loop {
        let page = events.staff().list_events(request.clone()).await.unwrap().into_inner();
        assert!(request.page_size == 0 || page.events.len() <= request.page_size as usize);
        for logged in page.events {
            let event = logged.event.unwrap();
            numbers.push(std::str::from_utf8(&event.data).unwrap().parse().unwrap());
        }
        if page.next_page_token.is_empty() {
            return numbers;
        }
        request.page_token = page.next_page_token;
    }
}

on_each_engine! {
    async fn the_events_of_a_key_are_listed_in_the_order_of_the_log(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..90).map(|number| event(&format!("key-{}", number % 9), number)).collect()).await;
        let expected: Vec<usize> = (0..10).map(|step| step * 9 + 4).collect();
        for page_size in [0, 1, 3, 10, 1000] {
            assert_eq!(walk(&events, pb::ListEventsRequest { page_size, ..of_key("key-4") }).await, expected);
        }
        assert_eq!(walk(&events, of_key("key-10")).await, [0; 0]);
        assert_eq!(events.service.row_counts().await["0.subscription"], 0);
        events.end().await;
    }

    async fn a_partition_is_listed_whole(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish((0..70).map(|number| event("", number)).collect()).await;
        let mut numbers = Vec::new();
        for partition in 0..8 {
            let selector = Some(Selector::Partition(partition));
            numbers.extend(walk(&events, pb::ListEventsRequest { selector, page_size: 4, ..Default::default() }).await);
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..70).collect::<Vec<_>>());

        let nowhere = pb::ListEventsRequest { selector: Some(Selector::Partition(8)), ..Default::default() };
        let answer = events.staff().list_events(nowhere).await;
        let status = refused(answer, Code::InvalidArgument, "ERROR_REASON_NO_SUCH_PARTITION");
        assert_eq!(violations_of(&status)[0].0, "partition");
        let answer = events.staff().list_events(pb::ListEventsRequest::default()).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_FIELD");
        events.end().await;
    }

    async fn only_the_wanted_times_and_types_are_listed(engine: Engine) {
        let clock = Clock::manual(START);
        let events = Events::start_on(engine, clock.clone(), &[]).await;
        for hour in 0..5 {
            let other = pb::Event { r#type: "souk.orders.v1.Other".into(), ..event("k", hour * 10 + 1) };
            events.publish(vec![event("k", hour * 10), other]).await;
            clock.advance(Duration::from_secs(3600));
        }
        let at = |hour: u64| Some(START.plus(Duration::from_secs(hour * 3600)).into());
        let between = pb::ListEventsRequest {
            publish_time_after: at(1),
            publish_time_before: at(3),
            ..of_key("k")
        };
        assert_eq!(walk(&events, between.clone()).await, [10, 11, 20, 21]);
        let event_types = vec!["souk.orders.v1.Other".to_owned()];
        assert_eq!(walk(&events, pb::ListEventsRequest { event_types, ..between.clone() }).await, [11, 21]);
        assert_eq!(walk(&events, pb::ListEventsRequest { page_size: 1, ..between }).await, [10, 11, 20, 21]);
        events.end().await;
    }

    async fn a_token_is_good_for_its_own_list(engine: Engine) {
        let events = Events::start(engine).await;
        events.publish_keys(&["a", "a", "b", "b"]).await;
        let first = pb::ListEventsRequest { page_size: 1, ..of_key("a") };
        let token = events.staff().list_events(first).await.unwrap().into_inner().next_page_token;
        assert!(!token.is_empty());
        let stranger = pb::ListEventsRequest { page_token: token, ..of_key("b") };
        let answer = events.staff().list_events(stranger).await;
        refused(answer, Code::InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN");
        events.end().await;
    }

    async fn a_page_is_cut_by_bytes(engine: Engine) {
        let events = Events::start(engine).await;
        for _ in 0..5 {
            events.publish(vec![pb::Event { data: vec![b'7'; 1 << 20].into(), ..event("k", 0) }]).await;
        }
        let page = events.staff().list_events(of_key("k")).await.unwrap().into_inner();
        assert_eq!(page.events.len(), 2);
        assert!(!page.next_page_token.is_empty());
        events.end().await;
    }
}
