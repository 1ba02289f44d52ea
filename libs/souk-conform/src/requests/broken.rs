//! Every way in which a request can break its rules, one rule of one field at a time, and odd
//! values that the rules allow.

mod text;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

use crate::requests::rules::{self, Rules};
use crate::requests::valid::{self, DURATION, FIELD_MASK, TIMESTAMP, Within};

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

/// Every case of a message, and the rules for which none is known.
#[derive(Default)]
pub struct Cases {
    /// The cases.
    pub cases: Vec<Case>,
    /// What no case is made of. Empty for Souk's own contract.
    pub untaught: Vec<String>,
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
pub fn cases(descriptor: &MessageDescriptor) -> Cases {
    let mut maker = Maker::default();
    let cases = maker.cases(descriptor);
    Cases { cases, untaught: maker.untaught }
}

/// Makes cases, and notes what it knows no case of.
#[derive(Default)]
struct Maker {
    within: Within,
    untaught: Vec<String>,
}

impl Maker {
    fn note(&mut self, what: String) {
        if !self.untaught.contains(&what) {
            self.untaught.push(what);
        }
    }

    /// Notes the rules of a kind that nothing decides.
    fn note_undecided(&mut self, path: &str, rules: &Rules, kind: &str) {
        for rule in rules.undecided(kind) {
            self.note(format!(
                "no case is made of {path} for {rule}: teach it to requests/broken.rs"
            ));
        }
    }

    fn cases(&mut self, descriptor: &MessageDescriptor) -> Vec<Case> {
        let valid = match valid::message(descriptor) {
            Ok(valid) => valid,
            Err(why) => {
                self.note(why.to_string());
                return Vec::new();
            }
        };
        self.within.push(descriptor.full_name().to_owned());
        let mut cases = Vec::new();
        for field in descriptor.fields() {
            if valid::holds_itself(&field, &self.within) {
                continue;
            }
            for wrong in self.of_field(&field) {
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
        self.within.pop();
        for oneof in descriptor.oneofs().filter(rules::is_required) {
            let mut message = valid.clone();
            oneof.fields().for_each(|field| message.clear_field(&field));
            let what = "none of the oneof (required)".to_owned();
            cases.push(Case { field: oneof.name().to_owned(), what, is_broken: true, message });
        }
        cases
    }

    fn of_field(&mut self, field: &FieldDescriptor) -> Vec<Wrong> {
        let rules = Rules::of(field);
        let name = field.name();
        if rules.are_ignored() {
            return Vec::new();
        }
        if field.is_map() {
            return self.of_map(field, &rules);
        }
        if field.is_list() {
            return self.of_list(field, &rules);
        }
        let mut wrongs = self.of_value(field, &rules, name);
        if rules.required() {
            wrongs.push(wrong(name, "missing (required)", true, None));
        }
        wrongs
    }

    fn of_list(&mut self, field: &FieldDescriptor, rules: &Rules) -> Vec<Wrong> {
        let name = field.name();
        self.note_undecided(name, rules, "repeated");
        let items = rules.inner("repeated", "items");
        let Ok(valid) = valid::single(field, &items) else { return Vec::new() };
        let list = |item: &Value, count: i128| {
            let count = usize::try_from(count).expect("a length");
            valid::list(item, count, rules).map(Value::List)
        };
        let mut wrongs = Vec::new();
        let least = rules.number("repeated", "min_items");
        let most = rules.number("repeated", "max_items");
        for (rule, what, count) in [
            ("min_items", "too few", least.map(|least| least - 1)),
            ("max_items", "too many", most.map(|most| most + 1)),
        ] {
            let Some(count) = count.filter(|count| *count >= 0) else { continue };
            match list(&valid, count) {
                Some(list) => {
                    wrongs.push(wrong(name, &format!("{what} ({rule})"), true, Some(list)))
                }
                None => self.note(format!(
                    "no list breaks {rule} of {name}: teach one to requests/broken.rs"
                )),
            }
        }
        let of_items = self.of_value(field, &items, &format!("{name}[1]"));
        // The response must still fit where a status travels. What it names is checked with one
        // wrong item.
        let first = of_items.iter().find(|wrong| wrong.is_broken);
        let first = first.and_then(|wrong| wrong.value.clone());
        if let (Some(first), Some(most)) = (first, most) {
            let list = list(&first, most);
            wrongs.extend(list.map(|list| wrong(name, "every item wrong", false, Some(list))));
        }
        if least.unwrap_or(0) > 2 {
            return wrongs;
        }
        // The second item, so that the index is seen to be counted.
        for wrong in of_items {
            let list = wrong.value.map(|value| Value::List(vec![valid.clone(), value]));
            wrongs.push(Wrong { value: list, ..wrong });
        }
        wrongs
    }

    fn of_map(&mut self, field: &FieldDescriptor, rules: &Rules) -> Vec<Wrong> {
        let Kind::Message(entry) = field.kind() else { unreachable!("a map is made of entries") };
        let name = field.name();
        self.note_undecided(name, rules, "map");
        let key_field = entry.map_entry_key_field();
        let value_field = entry.map_entry_value_field();
        let keys = rules.inner("map", "keys");
        let values = rules.inner("map", "values");
        let key = valid::single(&key_field, &keys);
        let value = valid::single(&value_field, &values);
        let (Ok(Value::String(key)), Ok(value)) = (key, value) else {
            self.note(format!("no case is made of the map {name}: teach it to requests/broken.rs"));
            return Vec::new();
        };
        let mut wrongs = Vec::new();
        if let Some(most) = rules.number("map", "max_pairs") {
            let pair = |number| (MapKey::String(format!("key{number}")), value.clone());
            let map = Value::Map((0..=most).map(pair).collect());
            wrongs.push(wrong(name, "too many (max_pairs)", true, Some(map)));
        }
        if rules.number("map", "min_pairs").is_some_and(|least| least > 0) {
            wrongs.push(wrong(name, "too few (min_pairs)", true, Some(Value::Map([].into()))));
        }
        for wrong in self.of_value(&key_field, &keys, "") {
            let Some(Value::String(wrong_key)) = wrong.value else { continue };
            let path = format!("{name}[{}]", shortened(&wrong_key));
            let map = Value::Map([(MapKey::String(wrong_key), value.clone())].into());
            let what = format!("key: {}", wrong.what);
            wrongs.push(Wrong { path, what, value: Some(map), ..wrong });
        }
        for wrong in self.of_value(&value_field, &values, &format!("{name}[{key:?}]")) {
            let pair = |value| Value::Map([(MapKey::String(key.clone()), value)].into());
            let map = wrong.value.map(pair);
            wrongs.push(Wrong { value: map, ..wrong });
        }
        wrongs
    }

    fn of_value(&mut self, field: &FieldDescriptor, rules: &Rules, path: &str) -> Vec<Wrong> {
        match field.kind() {
            Kind::String => self.of_text(rules, path),
            Kind::Bool => {
                self.note_undecided(path, rules, "bool");
                Vec::new()
            }
            Kind::Bytes => self.of_bytes(rules, path),
            Kind::Enum(_) => self.of_enum(rules, path),
            Kind::Message(descriptor) => match descriptor.full_name() {
                TIMESTAMP | DURATION => self.of_time(&descriptor, rules, path),
                FIELD_MASK => of_mask(&descriptor, path),
                // The other types of protobuf itself have no rules inside.
                name if name.starts_with("google.protobuf.") => Vec::new(),
                _ => {
                    let inside = self.cases(&descriptor).into_iter();
                    let wrong = |case: Case| Wrong {
                        path: format!("{path}.{}", case.field),
                        what: case.what,
                        is_broken: case.is_broken,
                        value: Some(Value::Message(case.message)),
                    };
                    inside.map(wrong).collect()
                }
            },
            kind @ (Kind::Float | Kind::Double) => {
                for rule in rules.names(valid::number_kind(&kind)) {
                    self.note(format!(
                        "no case is made of {path} for its rule {rule}: teach it to \
                         requests/broken.rs"
                    ));
                }
                Vec::new()
            }
            kind => self.of_number(&kind, rules, path),
        }
    }

    fn of_text(&mut self, rules: &Rules, path: &str) -> Vec<Wrong> {
        if rules.format().is_some() {
            let text = Value::String("Grüße 🛒 \u{202e}".to_owned());
            return vec![wrong(path, "not ASCII (its format)", true, Some(text))];
        }
        self.note_undecided(path, rules, "string");
        let (wrongs, unproved) = text::cases(rules, path);
        for rule in unproved {
            self.note(format!("no text breaks {rule} of {path}: teach one to requests/broken.rs"));
        }
        wrongs
    }

    fn of_bytes(&mut self, rules: &Rules, path: &str) -> Vec<Wrong> {
        self.note_undecided(path, rules, "bytes");
        let mut wrongs = Vec::new();
        let mut add = |what: &str, length: i128| {
            let value = vec![b'x'; usize::try_from(length).expect("a length")];
            wrongs.push(wrong(path, what, true, Some(Value::Bytes(value.into()))));
        };
        for rule in ["max_len", "len"] {
            if let Some(most) = rules.number("bytes", rule) {
                add(&format!("too long ({rule})"), most + 1);
            }
        }
        if let Some(least) = rules.number("bytes", "min_len").filter(|least| *least > 0) {
            add("too short (min_len)", least - 1);
        }
        wrongs
    }

    fn of_number(&mut self, kind: &Kind, rules: &Rules, path: &str) -> Vec<Wrong> {
        let name = valid::number_kind(kind);
        self.note_undecided(path, rules, name);
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
        let refused = rules.numbers(name, "not_in").into_iter();
        numbers.extend(refused.map(|number| ("refused", number)));

        let mut wrongs = Vec::new();
        let mut unproved = rules.names(name);
        numbers.retain(|(_, number)| (least..=greatest).contains(number));
        for (what, number) in numbers {
            let broken = rules.broken_by_number(name, number);
            unproved.retain(|rule| !broken.contains(rule));
            let is_broken = !broken.is_empty();
            let what =
                if is_broken { format!("{what} ({})", broken.join(", ")) } else { what.to_owned() };
            wrongs.push(wrong(path, &what, is_broken, Some(valid::number(kind, number))));
        }
        // A limit of zero below keeps nothing out of a number that is never negative.
        unproved.retain(|rule| !(rule == "gte" && rules.number(name, rule) == Some(least)));
        let undecided = rules.undecided(name);
        unproved.retain(|rule| !undecided.contains(&format!("{name}.{rule}")));
        for rule in unproved {
            self.note(format!(
                "no number breaks {rule} of {path}: teach one to requests/broken.rs"
            ));
        }
        wrongs
    }

    fn of_enum(&mut self, rules: &Rules, path: &str) -> Vec<Wrong> {
        self.note_undecided(path, rules, "enum");
        let limits = ["in", "const"].iter().any(|rule| rules.typed("enum", rule).is_some());
        let is_refused = limits || rules.typed("enum", "defined_only").is_some();
        let undefined = [-1, 9_999, i32::MAX].map(|number| {
            let what = format!("{number} (defined_only)");
            wrong(path, &what, is_refused, Some(Value::EnumNumber(number)))
        });
        let refused = rules.numbers("enum", "not_in").into_iter();
        let refused = refused.filter_map(|number| {
            let number = i32::try_from(number).ok()?;
            let what = format!("{number} (not_in)");
            Some(wrong(path, &what, true, Some(Value::EnumNumber(number))))
        });
        undefined.into_iter().chain(refused).collect()
    }

    fn of_time(&mut self, descriptor: &MessageDescriptor, rules: &Rules, path: &str) -> Vec<Wrong> {
        let kind = if descriptor.full_name() == DURATION { "duration" } else { "timestamp" };
        self.note_undecided(path, rules, kind);
        let mut wrongs = Vec::new();
        let mut add = |what: &str, is_broken, time| {
            wrongs.push(wrong(path, what, is_broken, Some(Value::Message(time))));
        };
        for (rule, what, step) in [
            ("gte", "a little less", -1),
            ("gt", "the limit", 0),
            ("lte", "a little more", 1),
            ("lt", "the limit", 0),
        ] {
            let limit = rules.typed(kind, rule).and_then(|limit| rules::nanoseconds(&limit));
            if let Some(limit) = limit {
                let time = valid::time(descriptor, limit + step);
                add(&format!("{what} ({rule})"), true, time);
            }
        }
        // What no time is, whatever its rules (C-VALID-9). The calendar bounds points in time and
        // not how long something takes.
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
                add(what, is_broken, valid::raw_time(descriptor, seconds, nanos));
            }
        }
        wrongs
    }
}

fn wrong(path: &str, what: &str, is_broken: bool, value: Option<Value>) -> Wrong {
    Wrong { path: path.to_owned(), what: what.to_owned(), is_broken, value }
}

/// Returns a key as a path shows it.
fn shortened(key: &str) -> String {
    let shown = format!("{key:?}");
    match shown.char_indices().nth(64) {
        None => shown,
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
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
