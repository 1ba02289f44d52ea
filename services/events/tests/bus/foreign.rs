//! What others see on the brokers, and what they may write there: CloudEvents in binary mode, read
//! and written by plain clients.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use souk_client::events::v1 as pb;
use souk_testkit::eventually;

use crate::engine::{Bus, value};
use crate::support::{KIND, LIMIT, event, number};

/// An event with every attribute.
fn rich() -> pb::Event {
    pb::Event {
        subject: "order_7".into(),
        data_content_type: "text/plain".into(),
        data_schema: "https://schemas.example/7".into(),
        time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 500_000_000 }),
        extensions: [(
            "traceparent".to_owned(),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
        )]
        .into(),
        ..event("order_7", 7)
    }
}

/// What the attributes of [`rich`] must look like behind their prefix.
fn attributes(event: &pb::Event) -> BTreeMap<String, String> {
    let attributes = [
        ("specversion", "1.0"),
        ("id", event.id.as_str()),
        ("source", "/services/orders"),
        ("type", KIND),
        ("subject", "order_7"),
        ("time", "2023-11-14T22:13:20.500Z"),
        ("dataschema", "https://schemas.example/7"),
        ("partitionkey", "order_7"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_plain_kafka_client_reads_events_and_writes_them() {
    Bus::Kafka.run(|bus| async move {
        let log = bus.log().await;
        let events = crate::engine::start_with(souk_testkit::Engine::Sqlite, &log).await;
        let (brokers, topic) =
            (value(&log, "engine.kafka.brokers"), value(&log, "engine.kafka.topic"));
        let sent = rich();
        let position = events.publish(vec![sent.clone()]).await[0];

        let mut plain = ClientConfig::new();
        plain.set("bootstrap.servers", brokers).set("group.id", "foreign");
        let reader: StreamConsumer = plain.create().unwrap();
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, position.partition, Offset::Offset(position.offset))
            .unwrap();
        reader.assign(&from).unwrap();
        let message =
            tokio::time::timeout(LIMIT, reader.recv()).await.expect("it is there").unwrap();
        assert_eq!((message.key(), message.payload()), (Some(&b"order_7"[..]), Some(&b"7"[..])));
        let mut headers = BTreeMap::new();
        for header in message.headers().unwrap().iter() {
            headers.insert(
                header.key.to_owned(),
                String::from_utf8(header.value.unwrap().to_vec()).unwrap(),
            );
        }
        assert_eq!(headers.remove("content-type").as_deref(), Some("text/plain"));
        let expected =
            attributes(&sent).into_iter().map(|(name, value)| (format!("ce_{name}"), value));
        assert_eq!(headers, expected.collect());

        // A message that is no event, or is of no year that a calendar has, is skipped; another
        // foreign event is delivered with the source that its writer gave.
        let writer: FutureProducer = plain.create().unwrap();
        let limit = Duration::from_secs(10);
        let noise =
            FutureRecord::<(), str>::to(topic).partition(position.partition).payload("hello");
        writer.send(noise, limit).await.unwrap();
        let header = |key, value| Header { key, value: Some(value) };
        let foreign = OwnedHeaders::new()
            .insert(header("ce_specversion", "1.0"))
            .insert(header("ce_id", "f-1"))
            .insert(header("ce_source", "/elsewhere"))
            .insert(header("ce_type", "com.example.Happened"))
            .insert(header("content-type", "text/plain"));
        let late = foreign.clone().insert(header("ce_time", "+058880-02-17T09:23:29Z"));
        let late = FutureRecord::<str, str>::to(topic)
            .partition(position.partition)
            .payload("9")
            .headers(late);
        writer.send(late, limit).await.unwrap();
        let foreign = FutureRecord::<str, str>::to(topic)
            .partition(position.partition)
            .payload("8")
            .headers(foreign);
        writer.send(foreign, limit).await.unwrap();
        let mut consumer = events.subscribe("mail").await;
        let came = consumer.handle(2).await;
        assert_eq!(came[1].event.as_ref().unwrap().source, "/elsewhere");
        assert_eq!(number(&came[1]), 8);
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    });
}

#[test]
fn a_plain_amqp_client_reads_events_and_writes_them() {
    Bus::RabbitMq.run(|bus| async move {
        let log = bus.log().await;
        let events = crate::engine::start_with(souk_testkit::Engine::Sqlite, &log).await;
        let sent = rich();
        let position = events.publish(vec![sent.clone()]).await[0];
        let stream = format!("{}.{}", value(&log, "engine.rabbitmq.stream"), position.partition);

        let url = value(&log, "engine.rabbitmq.url");
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.basic_qos(10, BasicQosOptions::default()).await.unwrap();
        let mut from = FieldTable::default();
        from.insert("x-stream-offset".into(), AMQPValue::LongString("first".into()));
        let options = BasicConsumeOptions::default();
        let mut reader =
            channel.basic_consume(stream.as_str().into(), "".into(), options, from).await.unwrap();
        let message = tokio::time::timeout(LIMIT, reader.next())
            .await
            .expect("it is there")
            .unwrap()
            .unwrap();
        assert_eq!(message.data, b"7");
        assert_eq!(message.properties.content_type().as_ref().unwrap().as_str(), "text/plain");
        let mut headers = BTreeMap::new();
        for (name, value) in message.properties.headers().as_ref().unwrap().inner() {
            if let AMQPValue::LongString(value) = value {
                headers.insert(name.as_str().to_owned(), value.to_string());
            }
        }
        let expected = attributes(&sent)
            .into_iter()
            .map(|(name, value)| (format!("cloudEvents_{name}"), value));
        assert_eq!(headers, expected.collect());

        // A message that is no event, or is of no year that a calendar has, is skipped; another
        // foreign event is delivered with the source that its writer gave.
        let write = async |body: &[u8], headers: &[(&str, &str)]| {
            let mut table = FieldTable::default();
            for (name, value) in headers {
                table.insert((*name).into(), AMQPValue::LongString((*value).into()));
            }
            let properties = BasicProperties::default()
                .with_content_type("text/plain".into())
                .with_headers(table);
            let options = BasicPublishOptions::default();
            channel
                .basic_publish("".into(), stream.as_str().into(), options, body, properties)
                .await
                .unwrap();
        };
        write(b"hello", &[]).await;
        let foreign = [
            ("cloudEvents:specversion", "1.0"),
            ("cloudEvents:id", "f-1"),
            ("cloudEvents:source", "/elsewhere"),
            ("cloudEvents:type", "com.example.Happened"),
        ];
        let late = [&foreign[..], &[("cloudEvents:time", "+058880-02-17T09:23:29Z")]].concat();
        write(b"9", &late).await;
        write(b"8", &foreign).await;
        let mut consumer = events.subscribe("mail").await;
        let came = consumer.handle(2).await;
        assert_eq!(came[1].event.as_ref().unwrap().source, "/elsewhere");
        assert_eq!(number(&came[1]), 8);
        eventually(LIMIT, || async { events.get("mail").await.lag == 0 }).await;
        drop(consumer);
        events.end().await;
    });
}
