//! The bounds of every request of the contract, in bytes and in items, against the table that the
//! chassis of all languages read (`tests/contract/message_limits.json`), and against messages made
//! from the descriptors.
//!
//! With SOUK_WRITE_DOCS set the table is written, not compared.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use souk_client::CONTRACT;
use souk_contract::{List, MAX_MESSAGE_BYTES, Occurs, Packed, Shape, check_counts};
use tonic::codec::Codec as _;

use crate::descriptors::is_made;

/// One list of a request, reached from its root.
struct Found<'a> {
    /// The path as an error names it, in the first item of each list on the way.
    path: String,
    /// The numbers of the fields on the way, the list's own last.
    numbers: Vec<u32>,
    list: &'a List,
}

fn lists<'a>(shape: &'a Shape, path: &str, numbers: &[u32], found: &mut Vec<Found<'a>>) {
    for field in shape.fields {
        let path =
            if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let numbers = [numbers, &[field.number]].concat();
        let mut inner_path = path.clone();
        if let Occurs::Often(list) = &field.occurs {
            inner_path.push_str("[0]");
            found.push(Found { path, numbers: numbers.clone(), list });
        }
        if let Some(inner) = field.inner {
            lists(inner, &inner_path, &numbers, found);
        }
    }
}

/// Returns a message with this many of the smallest items in one list, and nothing else.
fn message_with(found: &Found<'_>, items: usize) -> Vec<u8> {
    let (last, around) = found.numbers.split_last().unwrap();
    let mut bytes = Vec::new();
    for _ in 0..items {
        match found.list.packed {
            Packed::Never => {
                encode_key(*last, WireType::LengthDelimited, &mut bytes);
                bytes.push(0);
            }
            Packed::Varint => {
                encode_key(*last, WireType::Varint, &mut bytes);
                bytes.push(0);
            }
            Packed::Fixed32 => {
                encode_key(*last, WireType::ThirtyTwoBit, &mut bytes);
                bytes.extend([0; 4]);
            }
            Packed::Fixed64 => {
                encode_key(*last, WireType::SixtyFourBit, &mut bytes);
                bytes.extend([0; 8]);
            }
        }
    }
    for number in around.iter().rev() {
        let mut outer = Vec::new();
        encode_key(*number, WireType::LengthDelimited, &mut outer);
        encode_varint(bytes.len() as u64, &mut outer);
        outer.append(&mut bytes);
        bytes = outer;
    }
    bytes
}

const CREATE_ENDPOINT: &str = "/souk.notifications.v1.NotificationService/CreateWebhookEndpoint";
const UPDATE_PREFERENCES: &str =
    "/souk.notifications.v1.NotificationService/UpdateNotificationPreferences";

/// Returns messages with one item too many: method, the field that is refused, and the bytes.
fn too_many() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut cases = Vec::new();
    for (path, field) in [
        ("/souk.catalog.v1.CatalogService/ImportProducts", "item.variants[0].prices"),
        ("/souk.events.v1.EventService/PublishEvents", "events"),
        ("/souk.events.v1.EventService/PublishEvents", "events[0].extensions"),
        ("/souk.inventory.v1.InventoryService/BatchGetStock", "skus"),
        (UPDATE_PREFERENCES, "preferences.kinds[0].channels"),
        (CREATE_ENDPOINT, "endpoint.event_types"),
        ("/souk.orders.v1.OrderService/PlaceOrder", "lines"),
        ("/souk.recommendations.v1.RecommendationService/ListRecommendations", "basket_skus"),
    ] {
        let mut found = Vec::new();
        lists(CONTRACT.method(path).unwrap().request_shape, "", &[], &mut found);
        let one = found.iter().find(|one| one.path == field).unwrap();
        cases.push((path, field, message_with(one, one.list.most + 1)));
    }
    // The numbers of an enum together at one tag, and one message in two pieces, which a decoder
    // puts together.
    let channels = delimited(1, &[0x2a, 5, 1, 2, 1, 2, 1]);
    cases.push((UPDATE_PREFERENCES, "preferences.default_channels", channels));
    let piece = delimited(1, &[0x12, 0].repeat(51));
    cases.push(("/souk.events.v1.EventService/Subscribe", "start.event_types", piece.repeat(2)));
    cases
}

#[test]
fn the_shared_messages_are_refused_at_the_field_that_they_say() {
    for (path, field, message) in too_many() {
        let violations =
            check_counts(&message, CONTRACT.method(path).unwrap().request_shape).unwrap_err();
        assert_eq!(
            violations.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(),
            [field],
            "{path}"
        );
    }
}

#[test]
fn the_table_for_all_languages_is_that_of_the_contract() {
    let mut text = String::from("{\n  \"max_request_bytes\": {\n");
    for (index, policy) in CONTRACT.methods.iter().enumerate() {
        let comma = if index + 1 < CONTRACT.methods.len() { "," } else { "" };
        writeln!(text, "    \"{}\": {}{comma}", policy.path, policy.max_request_bytes).unwrap();
    }
    text.push_str("  },\n  \"lists\": {\n");
    for (index, policy) in CONTRACT.methods.iter().enumerate() {
        let mut found = Vec::new();
        lists(policy.request_shape, "", &[], &mut found);
        let found = found
            .iter()
            .map(|one| format!("\"{}\": {}", one.path.replace("[0]", "[]"), one.list.most))
            .collect::<Vec<_>>()
            .join(", ");
        let comma = if index + 1 < CONTRACT.methods.len() { "," } else { "" };
        writeln!(text, "    \"{}\": {{{found}}}{comma}", policy.path).unwrap();
    }
    text.push_str("  },\n  \"too_many\": [\n");
    let cases = too_many();
    for (index, (path, field, message)) in cases.iter().enumerate() {
        let comma = if index + 1 < cases.len() { "," } else { "" };
        let message = base64::engine::general_purpose::STANDARD.encode(message);
        writeln!(text, "    {{\"path\": \"{path}\", \"field\": \"{field}\", \"message\": \"{message}\"}}{comma}")
            .unwrap();
    }
    text.push_str("  ]\n}\n");
    is_made("tests/contract/message_limits.json", &text);
}

#[test]
fn a_list_is_refused_at_the_first_item_too_many() {
    let mut count = 0;
    for policy in CONTRACT.methods {
        let mut found = Vec::new();
        lists(policy.request_shape, "", &[], &mut found);
        for one in &found {
            assert_ne!(one.list.most, usize::MAX, "{} {} has a bound", policy.path, one.path);
            let full = message_with(one, one.list.most);
            assert_eq!(
                check_counts(&full, policy.request_shape),
                Ok(()),
                "{} {}",
                policy.path,
                one.path
            );
            let violations =
                check_counts(&message_with(one, one.list.most + 1), policy.request_shape)
                    .unwrap_err();
            let fields =
                violations.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>();
            assert_eq!(fields, [one.path.as_str()], "{}", policy.path);
            count += 1;
        }
    }
    assert!(count >= 40, "only {count} lists");
}

/// Makes the largest message that the rules allow, as far as lengths and counts go.
struct Largest {
    pool: DescriptorPool,
}

impl Largest {
    fn message(&self, message: &MessageDescriptor) -> Vec<u8> {
        if message.full_name() == "google.protobuf.FieldMask" {
            return [&[0x0a, 0xf0, 0x1f][..], &[b'a'; 4080]].concat();
        }
        let mut bytes = Vec::new();
        for field in message.fields().filter(|field| real_oneof(field).is_none()) {
            self.field(&field, &mut bytes);
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let members = oneof.fields().map(|field| {
                let mut bytes = Vec::new();
                self.field(&field, &mut bytes);
                bytes
            });
            bytes.extend(members.max_by_key(Vec::len).unwrap_or_default());
        }
        bytes
    }

    fn field(&self, field: &FieldDescriptor, bytes: &mut Vec<u8>) {
        let rules = self.rules(&field.options());
        let (of, most) =
            if field.is_map() { ("map", "max_pairs") } else { ("repeated", "max_items") };
        let own = rules.as_ref().and_then(|rules| sub(rules, of));
        let (times, one) = if field.is_map() {
            let entry = field.kind().as_message().unwrap().clone();
            let mut one = Vec::new();
            let own = own.as_ref();
            self.value(
                &entry.map_entry_key_field(),
                own.and_then(|own| sub(own, "keys")),
                &mut one,
            );
            self.value(
                &entry.map_entry_value_field(),
                own.and_then(|own| sub(own, "values")),
                &mut one,
            );
            (number(own.unwrap(), most).unwrap(), delimited(field.number(), &one))
        } else {
            let is_list = field.is_list();
            let items =
                if is_list { own.as_ref().and_then(|own| sub(own, "items")) } else { rules };
            let mut one = Vec::new();
            self.value(field, items, &mut one);
            (if is_list { number(own.as_ref().unwrap(), most).unwrap() } else { 1 }, one)
        };
        // The limit of the largest methods is that of all messages, and nothing is proved by making
        // gigabytes.
        for _ in 0..times {
            if bytes.len() > MAX_MESSAGE_BYTES {
                return;
            }
            bytes.extend_from_slice(&one);
        }
    }

    fn value(
        &self,
        field: &FieldDescriptor,
        rules: Option<prost_reflect::DynamicMessage>,
        bytes: &mut Vec<u8>,
    ) {
        let size = match field.kind() {
            Kind::Message(message) => {
                return bytes.extend(delimited(field.number(), &self.message(&message)));
            }
            Kind::String => {
                let rules = rules.and_then(|rules| sub(&rules, "string")).unwrap();
                let chars = number(&rules, "max_len")
                    .or_else(|| number(&rules, "len"))
                    .map(|chars| chars * 4);
                // Nothing else bounds strings of the contract but patterns of short ASCII texts.
                chars.unwrap_or(64)
            }
            Kind::Bytes => number(&sub(&rules.unwrap(), "bytes").unwrap(), "max_len").unwrap(),
            _ => {
                encode_key(field.number(), WireType::Varint, bytes);
                return encode_varint(u64::MAX, bytes);
            }
        };
        bytes.extend(delimited(field.number(), &vec![b'a'; size]));
    }

    fn rules(
        &self,
        options: &prost_reflect::DynamicMessage,
    ) -> Option<prost_reflect::DynamicMessage> {
        let extension = self.pool.get_extension_by_name("buf.validate.field").unwrap();
        options
            .has_extension(&extension)
            .then(|| options.get_extension(&extension).as_message().unwrap().clone())
    }
}

fn real_oneof(field: &FieldDescriptor) -> Option<prost_reflect::OneofDescriptor> {
    field.containing_oneof().filter(|oneof| !oneof.is_synthetic())
}

fn sub(rules: &prost_reflect::DynamicMessage, name: &str) -> Option<prost_reflect::DynamicMessage> {
    rules
        .has_field_by_name(name)
        .then(|| rules.get_field_by_name(name).unwrap().as_message().unwrap().clone())
}

fn number(rules: &prost_reflect::DynamicMessage, name: &str) -> Option<usize> {
    rules
        .has_field_by_name(name)
        .then(|| rules.get_field_by_name(name).unwrap().as_u64().unwrap() as usize)
}

fn delimited(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut bytes);
    encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn the_largest_message_of_every_method_is_read() {
    let pool = DescriptorPool::decode(CONTRACT.descriptors).unwrap();
    let largest = Largest { pool: pool.clone() };
    for policy in CONTRACT.methods {
        let service = pool.get_service_by_name(policy.service).unwrap();
        let method = service.methods().find(|method| method.name() == policy.method).unwrap();
        let size = largest.message(&method.input()).len();
        let limit = policy.max_request_bytes;
        if limit == MAX_MESSAGE_BYTES {
            assert!(
                size + size / 4 > limit,
                "{}: a request of {size} bytes needs no limit of {limit}",
                policy.path
            );
            continue;
        }
        assert!(
            size <= limit && limit % 1024 == 0,
            "{}: {size} bytes, and {limit} are read",
            policy.path
        );
        assert!(
            size + size / 4 + 3 * 1024 > limit,
            "{}: a request of {size} bytes needs no limit of {limit}",
            policy.path
        );
        assert_eq!(
            check_counts(&largest.message(&method.input()), policy.request_shape),
            Ok(()),
            "{}",
            policy.path
        );
    }
}

/// Reads one large request as a server does, without ever waiting.
async fn read_large(framed: &prost::bytes::Bytes) {
    let decoder =
        souk_contract::Codec::<(), souk_client::ledger::v1::CreateTransfersRequest>::default()
            .decoder();
    let body = http_body_util::Full::new(framed.clone());
    let read =
        tonic::Streaming::new_request(decoder, body, None, Some(MAX_MESSAGE_BYTES)).message().await;
    assert_eq!(
        read.err().map(|status| status.code()),
        Some(tonic::Code::InvalidArgument),
        "it has no ids"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_large_message_is_read_while_others_go_on() {
    let message = delimited(1, &delimited(6, &[b'a'; 100])).repeat(8_000);
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let framed = prost::bytes::Bytes::from([&[0_u8][..], &length[..], &message[..]].concat());

    let turns = Arc::new(AtomicU64::new(0));
    let others = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            others.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    // Reading never waits, so on the only worker no other task would run in between.
    let has_turns = tokio::spawn(async move {
        for _attempt in 0..500 {
            let before = turns.load(Ordering::Relaxed);
            read_large(&framed).await;
            if turns.load(Ordering::Relaxed) > before {
                return true;
            }
        }
        false
    });
    assert!(has_turns.await.unwrap());
    other.abort();
}
