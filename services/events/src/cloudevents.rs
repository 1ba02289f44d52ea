//! Events as CloudEvents 1.0 in binary mode, as the Kafka and the AMQP binding write them:
//! attributes in headers, the payload as it is. So any consumer of the broker reads the log without
//! Souk.
//!
//! - Kafka binding: headers `ce_…` and `content-type`; the extension `partitionkey` is the record's
//!   key too.
//! - AMQP binding: application properties `cloudEvents_…`, the media type in the property
//!   content-type. The binding also knows `cloudEvents:…`, which it advises against since JMS
//!   cannot name it; we read both and write the first.

use bytes::Bytes;
use souk_client::events::v1 as pb;
use souk_types::Timestamp;

use crate::log::size_of;

/// The most bytes of an event that is read, payload and attributes together. What Publish takes is
/// smaller; what is larger would not fit into a response that every client reads (4 MiB).
pub const MAX_EVENT_BYTES: usize = 3 << 20;

/// The version of CloudEvents.
const SPEC_VERSION: &str = "1.0";

/// What `data_content_type` is when a publisher leaves it out.
const PROTOBUF: &str = "application/protobuf";

/// The attributes that are fields of an event; no extension may bear such a name.
const ATTRIBUTES: [&str; 10] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "dataschema",
    "partitionkey",
    "data",
];

/// Which binding the names of headers follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "kafka"),
    allow(dead_code, reason = "written where the engine is built in")
)]
pub enum Binding {
    Kafka,
    Amqp,
}

impl Binding {
    /// The prefix that is written, and those that are read.
    fn prefixes(self) -> &'static [&'static str] {
        match self {
            Binding::Kafka => &["ce_"],
            Binding::Amqp => &["cloudEvents_", "cloudEvents:"],
        }
    }
}

/// Why a message of the broker is not an event.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    #[error("it has no attribute {0}")]
    Missing(&'static str),
    #[error("its attribute time is not a time in the years 1 to 9999")]
    Time,
    #[error("it has {0} bytes, but an event may have at most {MAX_EVENT_BYTES}")]
    TooLarge(usize),
    #[error("its version of CloudEvents is not 1.0")]
    Version,
}

/// Returns the headers of an event, but for its media type: see [`content_type`].
pub fn to_headers(event: &pb::Event, binding: Binding) -> Vec<(String, String)> {
    let prefix = binding.prefixes()[0];
    let time = event.time.as_ref().map(ToString::to_string).unwrap_or_default();
    let attributes = [
        ("specversion", SPEC_VERSION),
        ("id", &event.id),
        ("source", &event.source),
        ("type", &event.r#type),
        ("subject", &event.subject),
        ("time", &time),
        ("dataschema", &event.data_schema),
        ("partitionkey", &event.ordering_key),
    ];
    let present = attributes.into_iter().filter(|(_, value)| !value.is_empty());
    let extensions = event.extensions.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let extensions = extensions.filter(|(name, _)| !ATTRIBUTES.contains(name));
    present
        .chain(extensions)
        .map(|(name, value)| (format!("{prefix}{name}"), value.to_owned()))
        .collect()
}

/// Returns the media type of the payload of an event.
pub fn content_type(event: &pb::Event) -> &str {
    if event.data_content_type.is_empty() { PROTOBUF } else { &event.data_content_type }
}

/// Reads an event from the headers, the media type and the payload of a message. Unknown headers
/// are ignored, because other producers add their own.
pub fn from_headers<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    content_type: Option<&str>,
    data: Bytes,
    binding: Binding,
) -> Result<pb::Event, NotAnEvent> {
    let mut event = pb::Event {
        data,
        data_content_type: content_type.unwrap_or_default().to_owned(),
        ..pb::Event::default()
    };
    let mut version = String::new();
    for (header, value) in headers {
        let Some(name) = binding.prefixes().iter().find_map(|prefix| header.strip_prefix(prefix))
        else {
            continue;
        };
        let value = String::from_utf8_lossy(value).into_owned();
        match name {
            "specversion" => version = value,
            "id" => event.id = value,
            "source" => event.source = value,
            "type" => event.r#type = value,
            "subject" => event.subject = value,
            "time" => event.time = Some(time_of(&value).ok_or(NotAnEvent::Time)?),
            "datacontenttype" => event.data_content_type = value,
            "dataschema" => event.data_schema = value,
            "partitionkey" => event.ordering_key = value,
            "data" => {}
            extension => {
                event.extensions.insert(extension.to_owned(), value);
            }
        }
    }
    if version != SPEC_VERSION {
        return Err(NotAnEvent::Version);
    }
    for (name, value) in [("id", &event.id), ("source", &event.source), ("type", &event.r#type)] {
        if value.is_empty() {
            return Err(NotAnEvent::Missing(name));
        }
    }
    match size_of(&event) {
        bytes if bytes > MAX_EVENT_BYTES => Err(NotAnEvent::TooLarge(bytes)),
        _ => Ok(event),
    }
}

/// Reads a time within the calendar.
fn time_of(text: &str) -> Option<prost_types::Timestamp> {
    let time: prost_types::Timestamp = text.parse().ok()?;
    Timestamp::try_from(time).is_ok().then_some(time)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event() -> pb::Event {
        pb::Event {
            id: "event_01h455vb4pex5vsknk084sn02q".into(),
            source: "/services/orders".into(),
            r#type: "souk.orders.v1.OrderPlaced".into(),
            subject: "order_01h455vb4pex5vsknk084sn02q".into(),
            time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 123_456_000 }),
            data_content_type: PROTOBUF.into(),
            data: Bytes::from_static(b"\x0a\x00\xff"),
            ordering_key: "order_01h455vb4pex5vsknk084sn02q".into(),
            extensions: [(
                "traceparent".to_owned(),
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
            )]
            .into(),
            ..pb::Event::default()
        }
    }

    fn read(
        headers: &[(String, String)],
        event: &pb::Event,
        binding: Binding,
    ) -> Result<pb::Event, NotAnEvent> {
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        from_headers(headers, Some(content_type(event)), event.data.clone(), binding)
    }

    #[test]
    fn kafka_headers_are_those_of_the_binding() {
        let headers = to_headers(&event(), Binding::Kafka);
        let header = |name: &str| {
            headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(header("ce_specversion"), Some("1.0"));
        assert_eq!(header("ce_id"), Some("event_01h455vb4pex5vsknk084sn02q"));
        assert_eq!(header("ce_source"), Some("/services/orders"));
        assert_eq!(header("ce_type"), Some("souk.orders.v1.OrderPlaced"));
        assert_eq!(header("ce_time"), Some("2023-11-14T22:13:20.123456Z"));
        assert_eq!(header("ce_partitionkey"), Some("order_01h455vb4pex5vsknk084sn02q"));
        assert!(header("ce_traceparent").is_some());
        assert!(header("ce_dataschema").is_none(), "an absent attribute has no header");
    }

    #[test]
    fn amqp_properties_are_read_with_both_separators() {
        let written = to_headers(&event(), Binding::Amqp);
        assert!(written.iter().all(|(name, _)| name.starts_with("cloudEvents_")));
        assert_eq!(read(&written, &event(), Binding::Amqp), Ok(event()));
        let colons: Vec<_> =
            written.into_iter().map(|(name, value)| (name.replacen('_', ":", 1), value)).collect();
        assert_eq!(read(&colons, &event(), Binding::Amqp), Ok(event()));
    }

    #[test]
    fn a_message_that_is_no_event_says_why() {
        let without = |name: &str| {
            let headers = to_headers(&event(), Binding::Kafka);
            let left: Vec<_> = headers.into_iter().filter(|(header, _)| header != name).collect();
            read(&left, &event(), Binding::Kafka)
        };
        assert_eq!(without("ce_specversion"), Err(NotAnEvent::Version));
        assert_eq!(without("ce_id"), Err(NotAnEvent::Missing("id")));
        assert_eq!(without("ce_type"), Err(NotAnEvent::Missing("type")));
        for wrong in [
            "yesterday",
            "",
            "+058880-02-17T09:23:29Z",
            "10000-01-01T00:00:00Z",
            "0000-12-31T23:59:59Z",
        ] {
            let time = [
                ("ce_specversion".to_owned(), "1.0".to_owned()),
                ("ce_time".to_owned(), wrong.to_owned()),
            ];
            assert_eq!(read(&time, &event(), Binding::Kafka), Err(NotAnEvent::Time), "{wrong}");
        }
        let large = pb::Event { data: vec![0; MAX_EVENT_BYTES].into(), ..event() };
        let answer = read(&to_headers(&large, Binding::Kafka), &large, Binding::Kafka);
        assert!(
            matches!(answer, Err(NotAnEvent::TooLarge(bytes)) if bytes > MAX_EVENT_BYTES),
            "{answer:?}"
        );
    }

    proptest! {
        #[test]
        fn what_was_written_is_what_is_read(
            id in "[^\\x00-\\x1f\\x7f]{1,40}", subject in "[^\\x00-\\x1f\\x7f]{0,40}", key in "[^\\x00-\\x1f\\x7f]{0,40}",
            seconds in -62_135_596_800_i64..253_402_300_799, nanos in 0..1_000_000_000_i32,
            extension in "x[a-z0-9]{0,19}", value in "[^\\x00-\\x1f\\x7f]{0,40}", data in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let event = pb::Event {
                id, subject, ordering_key: key, time: Some(prost_types::Timestamp { seconds, nanos }), data: data.into(),
                extensions: [(extension, value)].into(), ..event()
            };
            for binding in [Binding::Kafka, Binding::Amqp] {
                prop_assert_eq!(read(&to_headers(&event, binding), &event, binding), Ok(event.clone()));
            }
        }
    }
}
