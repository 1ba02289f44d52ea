//! An event as text for people: its payload as JSON, without the fields that the contract redacts.

use std::io::IsTerminal as _;

use std::collections::HashSet;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Value};
use serde_json::json;
use souk_chassis::Channel;
use souk_client::events::v1 as pb;
use souk_types::Timestamp;
use unicode_width::UnicodeWidthChar as _;

use crate::descriptors;

/// The replacement for a redacted text.
const REDACTED: &str = "[redacted]";

/// Turns events into lines.
pub struct Printer {
    pool: DescriptorPool,
    /// The types that the shop does not describe.
    unknown: HashSet<String>,
    is_json: bool,
    /// Whether the output is a terminal: lines are then coloured and cut to its width.
    is_screen: bool,
}

impl Printer {
    /// Prints CloudEvents as JSON, or lines for people.
    pub fn new(is_json: bool) -> Self {
        let pool = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET)
            .expect("the contract is what it was built from");
        let is_screen = !is_json && std::io::stdout().is_terminal();
        Printer { pool, unknown: HashSet::new(), is_json, is_screen }
    }

    /// Asks the shop what the events of a type are made of, unless that is known: a service beside
    /// the shop publishes its own. Events of a type that stays unknown are shown by their size.
    pub async fn learn(&mut self, shop: &Channel, event_type: &str) {
        if self.pool.get_message_by_name(event_type).is_some() || self.unknown.contains(event_type)
        {
            return;
        }
        // A shop that does not answer is asked again at the next event.
        let Ok(described) = descriptors::of(shop, &[event_type.to_owned()]).await else { return };
        let is_new = |name: &str| self.pool.get_file_by_name(name).is_none();
        let new = described.files.into_iter().filter(|(name, _)| is_new(name));
        let files = Files { file: new.map(|(_, bytes)| bytes).collect() };
        let _ = self.pool.decode_file_descriptor_set(files.encode_to_vec().as_slice());
        if self.pool.get_message_by_name(event_type).is_none() {
            self.unknown.insert(event_type.to_owned());
        }
    }

    /// Returns the line of an event.
    pub fn line(&self, delivery: &pb::EventDelivery) -> String {
        let columns = if self.is_screen { columns_of_screen() } else { usize::MAX };
        self.line_within(delivery, columns)
    }

    /// The same for a terminal with `columns` columns.
    fn line_within(&self, delivery: &pb::EventDelivery, columns: usize) -> String {
        let event = delivery.event.clone().unwrap_or_default();
        let position = delivery.position.unwrap_or_default();
        let data = self.data(&event);
        let time = event.time.unwrap_or_default();
        if self.is_json {
            return cloud_event(&event, &data).to_string();
        }
        let time =
            Timestamp::try_from(time).map_or_else(|_| String::from("-"), |time| time.to_string());
        let subject = if event.subject.is_empty() { "-" } else { &event.subject };
        let place = format!("{}:{}", position.partition, position.offset);
        let parts = [
            (DIM, visible(&format!("{time}  {place:<8}  "))),
            (BOLD, visible(&event.r#type)),
            (PLAIN, visible(&format!("  {subject}  {data}"))),
        ];
        let whole: String = parts.iter().map(|(_, text)| text.as_str()).collect();
        let end = end_within(&whole, columns);
        let mut line = String::new();
        let mut from = 0;
        for (style, text) in &parts {
            let shown = &text[..text.len().min(end.saturating_sub(from))];
            from += text.len();
            match self.is_screen {
                true => line.extend([style, shown, PLAIN]),
                false => line.push_str(shown),
            }
        }
        if end < whole.len() {
            line.push('…');
        }
        line
    }

    /// Returns the payload as JSON, or its size when it is not a message of the contract.
    fn data(&self, event: &pb::Event) -> serde_json::Value {
        let message = self.pool.get_message_by_name(&event.r#type);
        let decoded =
            message.and_then(|message| DynamicMessage::decode(message, event.data.clone()).ok());
        match decoded {
            Some(mut message) => {
                redact(&mut message);
                serde_json::to_value(&message)
                    .unwrap_or_else(|error| json!({ "unreadable": error.to_string() }))
            }
            None => json!({ "bytes": event.data.len() }),
        }
    }
}

/// A `google.protobuf.FileDescriptorSet` whose files stay bytes: decoded they would lose their
/// options.
#[derive(prost::Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file: Vec<Vec<u8>>,
}

const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Returns the current width of the terminal.
fn columns_of_screen() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    size.ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
        .unwrap_or(usize::MAX)
}

/// Replaces control characters, which could move the cursor or change colours.
fn visible(text: &str) -> String {
    text.chars()
        .map(|shown| if shown.is_control() { char::REPLACEMENT_CHARACTER } else { shown })
        .collect()
}

/// Returns where to cut a text to `columns` columns: at its end, or where a `…` still fits behind.
fn end_within(text: &str, columns: usize) -> usize {
    let mut end = 0;
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > columns {
            return end;
        }
        if used < columns {
            end = at + character.len_utf8();
        }
    }
    text.len()
}

/// Returns the event in the JSON format of CloudEvents, with the payload as JSON.
fn cloud_event(event: &pb::Event, data: &serde_json::Value) -> serde_json::Value {
    let mut attributes = serde_json::Map::new();
    let mut set = |name: &str, value: &str| {
        if !value.is_empty() {
            attributes.insert(name.to_owned(), json!(value));
        }
    };
    set("specversion", "1.0");
    set("id", &event.id);
    set("source", &event.source);
    set("type", &event.r#type);
    set("subject", &event.subject);
    set("time", &event.time.map(|time| time.to_string()).unwrap_or_default());
    set("datacontenttype", "application/json");
    set("partitionkey", &event.ordering_key);
    for (name, value) in &event.extensions {
        set(name, value);
    }
    attributes.insert("data".to_owned(), data.clone());
    attributes.into()
}

/// Takes out what the contract marks with `debug_redact`.
fn redact(message: &mut DynamicMessage) {
    let fields: Vec<FieldDescriptor> = message.fields().map(|(field, _)| field).collect();
    for field in fields {
        if is_secret(&field) {
            let is_text =
                field.kind() == prost_reflect::Kind::String && !field.is_list() && !field.is_map();
            match is_text {
                true => message.set_field(&field, Value::String(REDACTED.to_owned())),
                false => message.clear_field(&field),
            }
            continue;
        }
        redact_value(message.get_field_mut(&field));
    }
}

fn redact_value(value: &mut Value) {
    match value {
        Value::Message(message) => redact(message),
        Value::List(values) => values.iter_mut().for_each(redact_value),
        Value::Map(values) => values.values_mut().for_each(redact_value),
        _ => {}
    }
}

fn is_secret(field: &FieldDescriptor) -> bool {
    field
        .options()
        .get_field_by_name("debug_redact")
        .and_then(|value| value.as_bool())
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use souk_client::orders::v1::{Order, OrderPlaced};
    use souk_client::types::v1::Address;

    use super::*;

    fn placed() -> pb::EventDelivery {
        let order = Order { order_id: "order_1".into(), ..Order::default() };
        let event = pb::Event {
            id: "event_1".into(),
            r#type: "souk.orders.v1.OrderPlaced".into(),
            subject: "order_1".into(),
            data: OrderPlaced { order: Some(order), ..Default::default() }.encode_to_vec().into(),
            ..pb::Event::default()
        };
        pb::EventDelivery { event: Some(event), ..pb::EventDelivery::default() }
    }

    #[test]
    fn a_line_shows_the_payload_by_the_contract() {
        let line = Printer { is_screen: false, ..Printer::new(false) }.line(&placed());
        assert!(line.contains("souk.orders.v1.OrderPlaced  order_1  {\"order\":{"), "{line}");
    }

    #[test]
    fn what_must_not_be_logged_is_not_shown() {
        let address = Address {
            recipients: vec!["Ann Smith".into()],
            address_lines: vec!["1 High St".into()],
            locality: "Chester".into(),
            region_code: "GB".into(),
            ..Address::default()
        };
        let mut delivery = placed();
        let event = delivery.event.as_mut().unwrap();
        (event.r#type, event.data) =
            ("souk.type.v1.Address".into(), address.encode_to_vec().into());
        for is_json in [false, true] {
            let line = Printer { is_screen: false, ..Printer::new(is_json) }.line(&delivery);
            assert!(line.contains("\"regionCode\":\"GB\"") && line.contains(REDACTED), "{line}");
            for shown in ["Ann Smith", "High St", "Chester"] {
                assert!(!line.contains(shown), "{line}");
            }
        }
    }

    #[test]
    fn a_line_is_cut_to_the_screen_and_json_is_not() {
        let mut delivery = placed();
        let event = delivery.event.as_mut().unwrap();
        event.subject = "茶".repeat(40);
        let screen = Printer { is_screen: true, ..Printer::new(false) };
        let whole = Printer { is_screen: false, ..Printer::new(false) }.line(&delivery);
        for columns in [1, 10, 32, 33, 58, 59, 60, 61, 62, 80, 81, 119, 500] {
            let line = screen.line_within(&delivery, columns);
            let text: String =
                [DIM, BOLD, PLAIN].iter().fold(line, |line, style| line.replace(style, ""));
            let width: usize = text.chars().map(|character| character.width().unwrap()).sum();
            assert!(width <= columns, "{columns}: {text}");
            match text.strip_suffix('…') {
                // A wide letter may leave one column empty.
                Some(kept) => {
                    assert!(whole.starts_with(kept) && width + 1 >= columns, "{columns}: {text}")
                }
                None => assert_eq!(text, whole, "{columns}"),
            }
        }
        let json = Printer::new(true);
        assert_eq!(json.line_within(&delivery, 10), json.line_within(&delivery, usize::MAX));
    }

    #[test]
    fn an_event_cannot_move_the_cursor_and_any_time_is_shown() {
        let mut delivery = placed();
        let event = delivery.event.as_mut().unwrap();
        event.subject = "a\u{9b}31mb\u{1b}[2J".into();
        for (seconds, nanos) in [(i64::MAX, i32::MAX), (i64::MIN, i32::MIN), (0, -1)] {
            delivery.event.as_mut().unwrap().time = Some(prost_types::Timestamp { seconds, nanos });
            let line = Printer { is_screen: false, ..Printer::new(false) }.line(&delivery);
            assert!(line.starts_with("-  ") && !line.chars().any(char::is_control), "{line:?}");
            assert!(Printer::new(true).line(&delivery).contains("\"time\":\""));
        }
    }

    #[test]
    fn json_is_a_cloud_event_a_line() {
        let line = Printer::new(true).line(&placed());
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (event["specversion"].as_str(), event["type"].as_str()),
            (Some("1.0"), Some("souk.orders.v1.OrderPlaced"))
        );
        assert_eq!(event["data"]["order"]["orderId"], "order_1");
    }

    #[test]
    fn what_is_no_message_of_the_contract_is_shown_by_its_size() {
        let mut delivery = placed();
        delivery.event.as_mut().unwrap().r#type = "com.example.Other".into();
        assert!(Printer::new(false).line(&delivery).contains("{\"bytes\":"));
    }
}
