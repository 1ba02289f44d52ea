//! A connection to RabbitMQ that is opened when needed, and reopened when it breaks.

use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, ErrorKind};
use souk_chassis::StartError;
use tokio::sync::Mutex;
use tracing::warn;

use super::super::LogError;
use super::super::broker::ASK_LIMIT;

/// Seconds without a sign of life after which either side gives the other up.
const HEARTBEAT_SECONDS: u16 = 10;

/// The bytes of one segment file. The broker drops whole segments, so this is what it keeps beyond
/// the retention.
const SEGMENT_BYTES: i64 = 64 << 20;

/// The connection.
pub struct Link {
    uri: AMQPUri,
    name: &'static str,
    connection: Mutex<Option<Connection>>,
}

impl Link {
    /// Returns a link that connects when it is used. The broker shows its name to operators.
    pub fn new(uri: AMQPUri, name: &'static str) -> Self {
        Link { uri, name, connection: Mutex::default() }
    }

    /// Returns a new channel, which closes when it is dropped.
    pub async fn channel(&self) -> Result<Channel, LogError> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) =
            connection.as_ref().filter(|connection| connection.status().connected())
        {
            return Ok(connection.create_channel().await?);
        }
        let properties = ConnectionProperties::default().with_connection_name(self.name.into());
        let connecting = Connection::connect_uri(self.uri.clone(), properties);
        let made = tokio::time::timeout(ASK_LIMIT, connecting).await;
        let made =
            made.map_err(|_| LogError::Unavailable("RabbitMQ does not respond".into()))??;
        let channel = made.create_channel().await?;
        *connection = Some(made);
        Ok(channel)
    }

    /// Fails when there is no connection and none can be made.
    pub async fn connected(&self) -> Result<(), LogError> {
        let is_connected =
            self.connection.lock().await.as_ref().is_some_and(|made| made.status().connected());
        if is_connected { Ok(()) } else { self.channel().await.map(|_| ()) }
    }

    /// Closes the connection; the next use makes another.
    pub async fn close(&self) {
        let connection = self.connection.lock().await.take();
        if let Some(connection) = connection {
            // A broker that does not answer gets no farewell.
            let farewell = connection.close(200, "given up".into());
            let _ = tokio::time::timeout(Duration::from_millis(200), farewell).await;
        }
    }

    /// Returns how many messages a stream holds.
    pub async fn count(&self, stream: &str) -> Result<i64, LogError> {
        let queue = self
            .channel()
            .await?
            .queue_declare(stream.into(), passive(), FieldTable::default())
            .await?;
        Ok(i64::from(queue.message_count()))
    }

    /// Makes a stream. One that is there stays as it is, also when it keeps events for another
    /// time.
    pub async fn make_stream(&self, stream: &str, retention_days: u64) -> Result<(), LogError> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("stream".into()));
        arguments
            .insert("x-max-age".into(), AMQPValue::LongString(format!("{retention_days}D").into()));
        arguments.insert(
            "x-stream-max-segment-size-bytes".into(),
            AMQPValue::LongLongInt(SEGMENT_BYTES),
        );
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        // On a channel of its own: the broker closes one that declares what is there otherwise.
        match self.channel().await?.queue_declare(stream.into(), options, arguments).await {
            Err(error) if is(&error, &AMQPSoftError::PRECONDITIONFAILED) => {
                warn!(
                    "the stream {stream} exists with another retention than engine.retention_days"
                );
                Ok(())
            }
            made => Ok(made.map(drop)?),
        }
    }

    /// Returns whether there is a stream of this name.
    pub async fn has_stream(&self, stream: &str) -> Result<bool, LogError> {
        // On a channel of its own: the broker closes one that asked for what is not there.
        match self
            .channel()
            .await?
            .queue_declare(stream.into(), passive(), FieldTable::default())
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if is(&error, &AMQPSoftError::NOTFOUND) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Reads the address of the broker.
pub fn uri(url: &str) -> Result<AMQPUri, StartError> {
    // The address may hold a password, so it is not repeated.
    let wrong = |why: &str| Err(StartError::configuration("events.engine.rabbitmq.url", "…", why));
    let mut uri: AMQPUri = match url.parse() {
        Ok(uri) => uri,
        Err(_) => return wrong("must be amqp://USER:PASSWORD@HOST:PORT/VHOST"),
    };
    if uri.scheme != lapin::uri::AMQPScheme::AMQP {
        return wrong("must begin with amqp://; TLS is not built in");
    }
    // `…:5672/` names the virtual host "", which is never intended.
    if uri.vhost.is_empty() {
        uri.vhost = "/".into();
    }
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    Ok(uri)
}

fn passive() -> QueueDeclareOptions {
    QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() }
}

fn is(error: &lapin::Error, kind: &AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(error) if *error.kind() == AMQPErrorKind::Soft(kind.clone()))
}
