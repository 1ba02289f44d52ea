//! A plain Kafka client as a target: librdkafka's idempotent producer, acks=all, and two consumers
//! of all partitions.

use std::sync::Arc;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use super::check::{Published, Seen, key, payload};
use super::{CONSUMERS, PARTITIONS, Target};

const TOPIC: &str = "plain.bench";

#[derive(Clone)]
pub struct PlainKafka(Arc<Inner>);

struct Inner {
    producer: FutureProducer,
    seen: Vec<Seen>,
    published: Published,
}

impl PlainKafka {
    /// Makes a topic, a producer and the consumers.
    pub async fn start(bootstrap: &str) -> PlainKafka {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        let admin: AdminClient<DefaultClientContext> =
            config.create().expect("a client can be made");
        let topic = NewTopic::new(TOPIC, PARTITIONS as i32, TopicReplication::Fixed(1));
        let made =
            admin.create_topics([&topic], &AdminOptions::new()).await.expect("the broker answers");
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        let mut seen = Vec::new();
        for number in 0..CONSUMERS {
            let mut config = config.clone();
            config.set("group.id", format!("plain-{number}")).set("enable.auto.commit", "false");
            let consumer: StreamConsumer = config.create().expect("a consumer can be made");
            let mut from = TopicPartitionList::new();
            for partition in 0..PARTITIONS {
                from.add_partition_offset(TOPIC, partition as i32, Offset::Beginning)
                    .expect("an offset");
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
        let producer = config
            .clone()
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("linger.ms", "0.5")
            .create();
        let producer = producer.expect("a producer can be made");
        PlainKafka(Arc::new(Inner { producer, seen, published: Published::default() }))
    }
}

impl Target for PlainKafka {
    async fn publish(&self, _publisher: usize, numbers: &[u64]) {
        let sent = numbers.iter().map(|number| {
            let key = key(*number);
            let payload = payload(*number);
            let record = FutureRecord::to(TOPIC).key(&key).payload(&payload);
            self.0.producer.send_result(record).expect("the producer has room")
        });
        for sent in sent.collect::<Vec<_>>() {
            sent.await.expect("the producer is there").expect("the broker takes events");
        }
    }

    fn consumers(&self) -> &[Seen] {
        &self.0.seen
    }

    fn published(&self) -> &Published {
        &self.0.published
    }
}
