//! A plain Kafka client as a target: librdkafka's idempotent producer, acks=all, and two consumers of all partitions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use super::check::{SINGLE, Seen, batches, key, payload};
use super::{BATCH, CONSUMERS, PARTITIONS, PUBLISHERS, Target};

const TOPIC: &str = "plain.bench";

#[derive(Clone)]
pub struct PlainKafka(Arc<Inner>);

struct Inner {
    producer: FutureProducer,
    seen: Vec<Seen>,
    published: AtomicU64,
    singles: AtomicU64,
}

impl PlainKafka {
    /// Makes a topic, a producer and the consumers.
    pub async fn start(bootstrap: &str) -> PlainKafka {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        let admin: AdminClient<DefaultClientContext> = config.create().expect("a client can be made");
        let topic = NewTopic::new(TOPIC, PARTITIONS as i32, TopicReplication::Fixed(1));
        let made = admin.create_topics([&topic], &AdminOptions::new()).await.expect("the broker answers");
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        let mut seen = Vec::new();
        for number in 0..CONSUMERS {
            let mut config = config.clone();
            config.set("group.id", format!("plain-{number}")).set("enable.auto.commit", "false");
            let consumer: StreamConsumer = config.create().expect("a consumer can be made");
            let mut from = TopicPartitionList::new();
            for partition in 0..PARTITIONS {
                from.add_partition_offset(TOPIC, partition as i32, Offset::Beginning).expect("an offset");
            }
            consumer.assign(&from).expect("partitions can be assigned");
            let ours = Seen::default();
            seen.push(ours.clone());
            tokio::spawn(async move {
                loop {
                    if let Ok(message) = consumer.recv().await {
                        ours.handle(message.payload().expect("an event has a payload"));
                        ours.wake();
                    }
                }
            });
        }
        let producer =
            config.clone().set("acks", "all").set("enable.idempotence", "true").set("linger.ms", "0.5").create();
        let producer = producer.expect("a producer can be made");
        PlainKafka(Arc::new(Inner { producer, seen, published: AtomicU64::new(0), singles: AtomicU64::new(SINGLE) }))
    }

    async fn publish(&self, numbers: &[u64]) {
        let sent = numbers.iter().map(|number| {
            let (key, payload) = (key(*number), payload(*number));
            let record = FutureRecord::to(TOPIC).key(&key).payload(&payload);
            self.0.producer.send_result(record).expect("the producer has room")
        });
        for sent in sent.collect::<Vec<_>>() {
            sent.await.expect("the producer is there").expect("the broker takes events");
        }
    }
}

impl Target for PlainKafka {
    async fn run(&self, count: usize) -> Duration {
        let first = self.0.published.fetch_add(count as u64, Ordering::Relaxed);
        let start = Instant::now();
        let mut publishers = tokio::task::JoinSet::new();
        for publisher in 0..PUBLISHERS {
            let target = self.clone();
            publishers.spawn(async move {
                for batch in batches(first, count, publisher, PUBLISHERS, BATCH) {
                    target.publish(&batch).await;
                }
            });
        }
        publishers.join_all().await;
        for seen in &self.0.seen {
            seen.reaches(first as usize + count).await;
        }
        start.elapsed()
    }

    async fn one(&self, _number: u64) -> bool {
        let number = self.0.singles.fetch_add(1, Ordering::Relaxed);
        let came = self.0.seen[0].expect(number);
        self.publish(&[number]).await;
        came.await.is_ok()
    }
}
