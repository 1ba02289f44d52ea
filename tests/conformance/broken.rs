//! Every way in which a request can break its rules, one rule of one field at a time, and odd
//! values that the rules allow.

mod text;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

use crate::rules::{self, Rules};
use crate::valid::{self, DURATION, FIELD_MASK, TIMESTAMP};

/// A message in which one field is not as it usually is.
pub struct Case {
    /// The path of the field as the response must name it: `lines[0].quantity`.
    pub field: String,
    /// What is done to the field, and the rule that it breaks: `NUL (pattern)`.
    pub what: String,
    /// Whether a rule is broken; otherwise the value is merely odd.
    pub is_broken: bool,
    /// The whole message, valid but for this field.
    pub message: DynamicMessage,
}

/// A value of one field, with the path from the message that holds the field.
struct Wrong {
    path: String,
    what: String,
    is_broken: bool,
    /// Nothing clears the field.
    value: Option<Value>,
}

/// Returns the cases of a message and of the messages in it.
///
/// # Panics
/// When a rule has no case.
pub fn cases(descriptor: &MessageDescriptor) -> Vec<Case> {
    let valid = valid::message(descriptor);
    let mut cases = Vec::new();
    for field in descriptor.fields() {
        for wrong in of_field(&field) {
            let mut message = valid.clone();
            match wrong.value {
                Some(value) => message.set_field(&field, value),
                None => message.clear_field(&field),
            }
            cases.push(Case {
                field: wrong.path,
                what: wrong.what,
                is_broken: wrong.is_broken,
                message,
            });
        }
    }
    for oneof in descriptor.oneofs().filter(rules::is_required) {
        let mut message = valid.clone();
        oneof.fields().for_each(|field| message.clear_field(&field));
        let what = "none of the oneof (required)".to_owned();
        cases.push(Case { field: oneof.name().to_owned(), what, is_broken: true, message });
    }
    cases
}

fn of_field(field: &FieldDescriptor) -> Vec<Wrong> {
    let rules = Rules::of(field);
    let name = field.name();
    if rules.are_ignored() {
        return Vec::new();
    }
    if field.is_map() {
        return of_map(field, &rules);
    }
    if field.is_list() {
        return of_list(field, &rules);
    }
    let mut wrongs = of_value(field, &rules, name);
    if rules.required() {
        wrongs.push(Wrong {
            path: name.to_owned(),
            what: "missing (required)".to_owned(),
            is_broken: true,
            value: None,
        });
    }
    wrongs
}

fn of_list(field: &FieldDescriptor, rules: &Rules) -> Vec<Wrong> {
    let name = field.name();
    let items = rules.inner("repeated", "items");
    let valid = valid::single(field, &items);
    let mut wrongs = Vec::new();
    for rule in rules.names("repeated") {
        let size = rules.number("repeated", &rule);
        let (what, length) = match (rule.as_str(), size) {
            ("min_items", Some(size)) => ("too few", size - 1),
            ("max_items", Some(size)) => ("too many", size + 1),
            ("items", _) => continue,
            _ => panic!(
                "no case is made for the rule repeated.{rule}: teach it to conformance/broken.rs"
            ),
        };
        let list = Value::List(vec![valid.clone(); usize::try_from(length).expect("a length")]);
        let what = format!("{what} ({rule})");
        wrongs.push(Wrong { path: name.to_owned(), what, is_broken: true, value: Some(list) });
    }
    let of_items = of_value(field, &items, &format!("{name}[1]"));
    // The response must still fit where a status travels. What it names is checked with one wrong
    // item.
    let first = of_items.iter().find(|wrong| wrong.is_broken).and_then(|wrong| wrong.value.clone());
    if let (Some(first), Some(size)) = (first, rules.number("repeated", "max_items")) {
        let list = Value::List(vec![first; usize::try_from(size).expect("a length")]);
        let path = name.to_owned();
        let what = "every item wrong".to_owned();
        wrongs.push(Wrong { path, what, is_broken: false, value: Some(list) });
    }
    // The second item, so that the index is seen to be counted.
    for wrong in of_items {
        let list = wrong.value.map(|value| Value::List(vec![valid.clone(), value]));
        wrongs.push(Wrong { value: list, ..wrong });
    }
    wrongs
}

fn of_map(field: &FieldDescriptor, rules: &Rules) -> Vec<Wrong> {
    let Kind::Message(entry) = field.kind() else { unreachable!("a map is made of entries") };
    let key_field = entry.map_entry_key_field();
    let value_field = entry.map_entry_value_field();
    let keys = rules.inner("map", "keys");
    let values = rules.inner("map", "values");
    let key = valid::single(&key_field, &keys);
    let value = valid::single(&value_field, &values);
    let key = key.as_str().expect("the keys of Souk's maps are texts");
    let mut wrongs = Vec::new();
    for rule in rules.names("map") {
        match rule.as_str() {
            "keys" | "values" => continue,
            "max_pairs" => {}
            _ => {
                panic!("no case is made for the rule map.{rule}: teach it to conformance/broken.rs")
            }
        }
        let size = rules.number("map", &rule).expect("a size") + 1;
        let map = (0..size)
            .map(|number| (MapKey::String(format!("key{number}")), value.clone()))
            .collect();
        let path = field.name().to_owned();
        let what = format!("too many ({rule})");
        wrongs.push(Wrong { path, what, is_broken: true, value: Some(Value::Map(map)) });
    }
    for wrong in of_value(&key_field, &keys, "") {
        let Some(Value::String(wrong_key)) = wrong.value else { continue };
        let path = format!("{}[{}]", field.name(), shortened(&wrong_key));
        let map = Value::Map([(MapKey::String(wrong_key), value.clone())].into());
        wrongs.push(Wrong {
            path,
            what: format!("key: {}", wrong.what),
            value: Some(map),
            ..wrong
        });
    }
    for wrong in of_value(&value_field, &values, &format!("{}[{key:?}]", field.name())) {
        let map =
            wrong.value.map(|value| Value::Map([(MapKey::String(key.to_owned()), value)].into()));
        wrongs.push(Wrong { value: map, ..wrong });
    }
    wrongs
}

/// Returns a key as a path shows it.
fn shortened(key: &str) -> String {
    let shown = format!("{key:?}");
    match shown.char_indices().nth(64) {
        None => shown,
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
}

fn of_value(field: &FieldDescriptor, rules: &Rules, path: &str) -> Vec<Wrong> {
    match field.kind() {
        Kind::String => text::cases(rules, path),
        Kind::Bool => Vec::new(),
        Kind::Bytes => of_bytes(rules, path),
        Kind::Enum(_) => of_enum(rules, path),
        Kind::Message(descriptor) => match descriptor.full_name() {
            TIMESTAMP | DURATION => of_time(&descriptor, rules, path),
            FIELD_MASK => of_mask(&descriptor, path),
            _ => {
                let inside = cases(&descriptor).into_iter();
                let wrong = |case: Case| Wrong {
                    path: format!("{path}.{}", case.field),
                    what: case.what,
                    is_broken: case.is_broken,
                    value: Some(Value::Message(case.message)),
                };
                inside.map(wrong).collect()
            }
        },
        kind => of_number(&kind, rules, path),
    }
}

fn of_bytes(rules: &Rules, path: &str) -> Vec<Wrong> {
    let names = rules.names("bytes").into_iter();
    let wrongs = names.map(|rule| {
        let limit = rules.number("bytes", &rule).filter(|_| rule == "max_len");
        let limit = limit.unwrap_or_else(|| {
            panic!("no case is made for bytes.{rule}: teach it to conformance/broken.rs")
        });
        let value = Value::Bytes(vec![b'x'; usize::try_from(limit).expect("a length") + 1].into());
        Wrong {
            path: path.to_owned(),
            what: format!("too long ({rule})"),
            is_broken: true,
            value: Some(value),
        }
    });
    wrongs.collect()
}

fn of_number(kind: &Kind, rules: &Rules, path: &str) -> Vec<Wrong> {
    let name = valid::number_kind(kind);
    let (least, greatest) = valid::range(kind);
    let mut numbers = vec![("least", least), ("greatest", greatest)];
    for (what, rule, step) in [
        ("one too few", "gte", -1),
        ("the limit", "gt", 0),
        ("one too many", "lte", 1),
        ("the limit", "lt", 0),
    ] {
        numbers.extend(rules.number(name, rule).map(|limit| (what, limit + step)));
    }
    numbers.extend(rules.numbers(name, "not_in").into_iter().map(|number| ("refused", number)));

    let mut wrongs = Vec::new();
    let mut unproved = rules.names(name);
    for (what, number) in
        numbers.into_iter().filter(|(_, number)| (least..=greatest).contains(number))
    {
        let broken = rules.broken_by_number(name, number);
        unproved.retain(|rule| !broken.contains(rule));
        let is_broken = !broken.is_empty();
        let what =
            if is_broken { format!("{what} ({})", broken.join(", ")) } else { what.to_owned() };
        wrongs.push(Wrong {
            path: path.to_owned(),
            what,
            is_broken,
            value: Some(valid::number(kind, number)),
        });
    }
    // A limit of zero below keeps nothing out of a number that is never negative.
    unproved.retain(|rule| !(rule == "gte" && rules.number(name, rule) == Some(least)));
    assert!(
        unproved.is_empty(),
        "{path}: no number breaks {unproved:?}: teach one to conformance/broken.rs"
    );
    wrongs
}

fn of_enum(rules: &Rules, path: &str) -> Vec<Wrong> {
    let known = ["defined_only", "not_in"];
    let strange = rules.names("enum").into_iter().find(|rule| !known.contains(&rule.as_str()));
    assert!(
        strange.is_none(),
        "no case is made for the rule enum.{strange:?}: teach it to conformance/broken.rs"
    );
    let wrong = |what: String, is_broken, number| Wrong {
        path: path.to_owned(),
        what,
        is_broken,
        value: Some(Value::EnumNumber(number)),
    };
    let is_defined_only = rules.typed("enum", "defined_only").is_some();
    let undefined = [-1, 9_999, i32::MAX]
        .map(|number| wrong(format!("{number} (defined_only)"), is_defined_only, number));
    let refused = rules.numbers("enum", "not_in").into_iter();
    let refused = refused.map(|number| {
        wrong(format!("{number} (not_in)"), true, number.try_into().expect("an i32"))
    });
    undefined.into_iter().chain(refused).collect()
}

fn of_time(descriptor: &MessageDescriptor, rules: &Rules, path: &str) -> Vec<Wrong> {
    let kind = if descriptor.full_name() == DURATION { "duration" } else { "timestamp" };
    let mut wrongs = Vec::new();
    let mut add = |what: String, is_broken, time| {
        wrongs.push(Wrong {
            path: path.to_owned(),
            what,
            is_broken,
            value: Some(Value::Message(time)),
        });
    };
    for rule in rules.names(kind) {
        let limit = rules
            .typed(kind, &rule)
            .and_then(|limit| rules::nanoseconds(&limit))
            .expect("a limit is a time");
        let (what, wrong) = match rule.as_str() {
            "gte" => ("a little less", limit - 1),
            "gt" => ("the limit", limit),
            "lte" => ("a little more", limit + 1),
            "lt" => ("the limit", limit),
            rule => panic!(
                "no case is made for the rule {kind}.{rule}: teach it to conformance/broken.rs"
            ),
        };
        add(format!("{what} ({rule})"), true, valid::time(descriptor, wrong));
    }
    // What no time is, whatever its rules (C-VALID-9). The calendar bounds points in time and not
    // how long something takes.
    let is_point = kind == "timestamp";
    for (what, is_broken, seconds, nanos) in [
        ("the end of numbers", true, i64::MAX, 999_999_999),
        ("the start of numbers", true, i64::MIN, 0),
        ("before the year 1", is_point, -62_135_596_801, 0),
        ("after the year 9999", is_point, 253_402_300_800, 0),
        ("too many nanoseconds", true, 1_704_067_200, i32::MAX),
        ("negative nanoseconds", true, 1_704_067_200, i32::MIN),
    ] {
        if is_broken || rules.names(kind).is_empty() {
            add(what.to_owned(), is_broken, valid::raw_time(descriptor, seconds, nanos));
        }
    }
    wrongs
}

fn of_mask(descriptor: &MessageDescriptor, path: &str) -> Vec<Wrong> {
    let mask = |name: &str| {
        let mut mask = DynamicMessage::new(descriptor.clone());
        mask.set_field_by_name("paths", Value::List(vec![Value::String(name.to_owned())]));
        Some(Value::Message(mask))
    };
    let of = |what: &str, name| Wrong {
        path: path.to_owned(),
        what: what.to_owned(),
        is_broken: true,
        value: mask(name),
    };
    vec![
        of("unknown path (in)", "shoe_size"),
        of("empty path (in)", ""),
        of("NUL in a path (in)", "title\0"),
    ]
}
