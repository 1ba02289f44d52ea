//! A plain RabbitMQ client as a target: lapin, publisher confirms, and two consumers of all
//! streams.

use std::sync::Arc;

use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use tokio_stream::StreamExt;

use super::check::{Published, Seen, key, payload};
use super::{CONSUMERS, KEYS, PARTITIONS, PUBLISHERS, Target};

#[derive(Clone)]
pub struct PlainRabbitMq(Arc<Inner>);

struct Inner {
    /// Kept, since the channels live as long as it.
    _connections: Vec<Connection>,
    /// One for each publisher: a channel confirms in the order of its messages.
    channels: Vec<Channel>,
    seen: Vec<Seen>,
    published: Published,
}

fn stream(partition: u64) -> String {
    format!("plain.bench.{partition}")
}

async fn connect(url: &str) -> Connection {
    Connection::connect(url, ConnectionProperties::default()).await.expect("the broker answers")
}

impl PlainRabbitMq {
    /// Makes streams, channels and the consumers.
    pub async fn start(url: &str) -> PlainRabbitMq {
        let publishing = connect(url).await;
        let channel = publishing.create_channel().await.expect("a channel");
        for partition in 0..u64::from(PARTITIONS) {
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("stream".into()));
            let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel
                .queue_declare(stream(partition).into(), options, arguments)
                .await
                .expect("a stream can be made");
        }
        let mut channels = Vec::new();
        for _ in 0..PUBLISHERS {
            let channel = publishing.create_channel().await.expect("a channel");
            channel.confirm_select(ConfirmSelectOptions::default()).await.expect("it confirms");
            channels.push(channel);
        }
        let mut seen = Vec::new();
        let mut connections = vec![publishing];
        for _ in 0..CONSUMERS {
            let ours = Seen::default();
            seen.push(ours.clone());
            let reading = connect(url).await;
            for partition in 0..u64::from(PARTITIONS) {
                let channel = reading.create_channel().await.expect("a channel");
                tokio::spawn(consume(channel, partition, ours.clone()));
            }
            connections.push(reading);
        }
        PlainRabbitMq(Arc::new(Inner {
            _connections: connections,
            channels,
            seen,
            published: Published::default(),
        }))
    }
}

async fn consume(channel: Channel, partition: u64, seen: Seen) {
    channel.basic_qos(1000, BasicQosOptions::default()).await.expect("a limit can be set");
    let mut from = FieldTable::default();
    from.insert("x-stream-offset".into(), AMQPValue::LongString("first".into()));
    let options = BasicConsumeOptions::default();
    let consumer = channel.basic_consume(stream(partition).into(), "".into(), options, from).await;
    let mut consumer = consumer.expect("a stream can be consumed");
    while let Some(Ok(delivery)) = consumer.next().await {
        seen.handle(&delivery.data);
        seen.wake();
        if delivery.delivery_tag % 100 == 0 {
            let _ = delivery.ack(BasicAckOptions { multiple: true }).await;
        }
    }
}

impl Target for PlainRabbitMq {
    async fn publish(&self, publisher: usize, numbers: &[u64]) {
        let mut confirms = Vec::with_capacity(numbers.len());
        for number in numbers {
            let stream = stream(number % KEYS as u64 % u64::from(PARTITIONS));
            let mut headers = FieldTable::default();
            headers.insert("key".into(), AMQPValue::LongString(key(*number).into()));
            let properties = BasicProperties::default().with_delivery_mode(2).with_headers(headers);
            let options = BasicPublishOptions::default();
            let body = payload(*number);
            let sent = self.0.channels[publisher].basic_publish(
                "".into(),
                stream.into(),
                options,
                &body,
                properties,
            );
            confirms.push(sent.await.expect("the connection takes events"));
        }
        for confirm in confirms {
            assert!(confirm.await.expect("the broker answers").is_ack(), "the broker takes events");
        }
    }

    fn consumers(&self) -> &[Seen] {
        &self.0.seen
    }

    fn published(&self) -> &Published {
        &self.0.published
    }
}
