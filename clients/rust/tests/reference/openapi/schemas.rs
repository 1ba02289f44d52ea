//! Messages and enums of the contract as schemas of their JSON forms.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use prost_reflect::{OneofDescriptor, ReflectMessage as _};

use super::comments::Commented as _;
use super::json::{Json, Object};
use super::rules::Rules;
use crate::descriptors::option;

/// The schemas that something refers to, by their names.
#[derive(Default)]
pub struct Schemas {
    schemas: BTreeMap<String, Object>,
}

/// How much of a message a schema is.
#[derive(Default)]
pub struct Part<'a> {
    /// Fields that are left out, since the path of the URL has them.
    pub without: &'a [String],
    /// Whether an update mask says which fields count.
    pub is_masked: bool,
}

impl Schemas {
    /// Returns all of them, in the order of their names.
    pub fn into_object(self) -> Object {
        let mut all = Object::default();
        for (name, schema) in self.schemas {
            all.set(&name, schema);
        }
        all
    }

    /// Adds a schema that is not of a message of the contract.
    pub fn add(&mut self, name: &str, schema: Object) {
        self.schemas.insert(name.to_owned(), schema);
    }

    /// Returns a reference to the schema of a message.
    pub fn message(&mut self, message: &MessageDescriptor) -> Object {
        let name = message.full_name();
        if !self.schemas.contains_key(name) {
            // Before its fields, which may have the same type.
            self.add(name, Object::default());
            let schema = match well_known(name) {
                Some(schema) => schema,
                None => self.object(message, &Part::default()),
            };
            self.add(name, schema);
        }
        reference(name)
    }

    /// Returns a reference to the schema of a part of a message, which gets this name.
    pub fn part(&mut self, name: &str, message: &MessageDescriptor, part: &Part<'_>) -> Object {
        let mut schema = self.object(message, part);
        if part.is_masked {
            let comment = message.comment();
            schema.set("description", format!("{comment}\n\nThe update mask names what changes."));
        }
        let earlier = self.schemas.insert(name.to_owned(), schema.clone());
        let is_same = earlier.is_none_or(|earlier| earlier == schema);
        assert!(is_same, "{name}: two bindings have bodies that differ");
        reference(name)
    }

    /// Returns the schema of a message with the names of its fields.
    fn object(&mut self, message: &MessageDescriptor, part: &Part<'_>) -> Object {
        let mut properties = Object::default();
        let mut required = Vec::new();
        for field in fields(message, part) {
            properties.set(field.json_name(), self.property(&field));
            if is_required(&field, part) {
                required.push(field.json_name().to_owned());
            }
        }
        let mut description = message.comment();
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            description.push_str(&choice(&oneof));
        }
        let mut schema = Object::default().with("type", "object").with("description", description);
        if !required.is_empty() {
            schema.set("required", required);
        }
        if !properties.is_empty() {
            schema.set("properties", properties);
        }
        schema
    }

    /// Returns the schema of a field with its comment.
    fn property(&mut self, field: &FieldDescriptor) -> Object {
        let comment = field.comment();
        let is_output = is_output(&comment);
        let mut schema = Object::default().with("description", comment);
        schema.extend(self.field(field));
        if is_output {
            schema.set("readOnly", true);
        }
        if is_deprecated(&field.options()) {
            schema.set("deprecated", true);
        }
        schema
    }

    /// Returns the schema of the value of a field, without its comment.
    pub fn field(&mut self, field: &FieldDescriptor) -> Object {
        let rules = Rules::of(field);
        let mut schema = if field.is_map() {
            let Kind::Message(entry) = field.kind() else { unreachable!("a map has entries") };
            let keys = rules.inner("map", "keys").keywords(&entry.map_entry_key_field().kind());
            let values =
                self.value(&entry.map_entry_value_field().kind(), &rules.inner("map", "values"));
            let mut schema = Object::default().with("type", "object");
            if !keys.is_empty() {
                schema.set("propertyNames", keys);
            }
            schema.set("additionalProperties", values);
            schema.extend(rules.of_map());
            schema
        } else if field.is_list() {
            let items = self.value(&field.kind(), &rules.inner("repeated", "items"));
            let mut schema = Object::default().with("type", "array").with("items", items);
            schema.extend(rules.of_list());
            schema
        } else {
            self.value(&field.kind(), &rules)
        };
        if field.options().get_field_by_name("debug_redact").unwrap().as_bool() == Some(true) {
            schema.set("x-sensitive", true);
        }
        if let Some(class) = data_class(field) {
            schema.set("x-souk-data-class", class);
        }
        let set_by = set_by(field);
        if !set_by.is_empty() {
            schema.set("x-souk-set-by", set_by);
        }
        schema
    }

    /// Returns the schema of one value.
    fn value(&mut self, kind: &Kind, rules: &Rules) -> Object {
        let typed = |name: &str| Object::default().with("type", name);
        let mut schema = match kind {
            Kind::Bool => typed("boolean"),
            Kind::String => typed("string"),
            Kind::Bytes => typed("string").with("contentEncoding", "base64"),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => typed("integer").with("format", "int32"),
            Kind::Uint32 | Kind::Fixed32 => {
                typed("integer").with("format", "uint32").with("minimum", 0)
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => typed("string").with("format", "int64"),
            Kind::Uint64 | Kind::Fixed64 => typed("string").with("format", "uint64"),
            Kind::Double => typed("number").with("format", "double"),
            Kind::Float => typed("number").with("format", "float"),
            Kind::Enum(values) => self.enumeration(values),
            Kind::Message(message) => {
                let mut schema = self.message(message);
                schema.extend(rules.of_well_known(message.full_name()));
                schema
            }
        };
        schema.extend(rules.keywords(kind));
        schema
    }

    fn enumeration(&mut self, values: &EnumDescriptor) -> Object {
        let name = values.full_name();
        if !self.schemas.contains_key(name) {
            let mut description = values.comment();
            description.push('\n');
            for value in values.values() {
                let deprecated = if is_deprecated(&value.options()) { " (deprecated)" } else { "" };
                let comment = value.comment().replace('\n', " ");
                description.push_str(&format!("\n- `{}`{deprecated}: {comment}", value.name()));
            }
            let names = values.values().map(|value| value.name().to_owned()).collect::<Vec<_>>();
            let schema = Object::default()
                .with("type", "string")
                .with("description", description)
                .with("enum", names);
            self.add(name, schema);
        }
        reference(name)
    }
}

/// Returns the fields of a message that a part has.
pub fn fields<'a>(
    message: &'a MessageDescriptor,
    part: &'a Part<'_>,
) -> impl Iterator<Item = FieldDescriptor> + 'a {
    message.fields().filter(|field| !part.without.iter().any(|without| without == field.name()))
}

/// Returns whether a request must have the field.
pub fn is_required(field: &FieldDescriptor, part: &Part<'_>) -> bool {
    // The rules of a resource hold for every request, its comments where the mask names the field.
    let is_said = !part.is_masked && field.comment().starts_with("Required.");
    is_said || Rules::of(field).need_value(field)
}

/// Returns whether a comment says that only the server sets a field. Some are read in one method.
pub fn is_output(comment: &str) -> bool {
    comment.starts_with("Output only") && !comment.starts_with("Output only, but")
}

/// Returns whether the option `deprecated` is set.
pub fn is_deprecated(options: &DynamicMessage) -> bool {
    options.get_field_by_name("deprecated").is_some_and(|value| value.as_bool() == Some(true))
}

/// Returns whether a message has a JSON form other than an object of its fields.
pub fn is_well_known(message: &MessageDescriptor) -> bool {
    well_known(message.full_name()).is_some()
}

pub fn reference(name: &str) -> Object {
    Object::default().with("$ref", format!("#/components/schemas/{name}"))
}

/// Returns the JSON form of a message that has one of its own.
fn well_known(name: &str) -> Option<Object> {
    let typed = |kind: &str| Object::default().with("type", kind);
    let schema = match name {
        "google.protobuf.Timestamp" => typed("string").with("format", "date-time").with(
            "description",
            "A time in UTC as RFC 3339 writes it: `2026-03-14T09:26:53.589793Z`.",
        ),
        "google.protobuf.Duration" => typed("string")
            .with("pattern", r"^-?[0-9]{1,12}([.][0-9]{1,9})?s$")
            .with("description", "A number of seconds and an `s`: `90s`, `0.250s`."),
        "google.protobuf.FieldMask" => typed("string").with(
            "description",
            "The paths of fields as JSON names them, separated by commas: `title,shipping.weight`.",
        ),
        "google.protobuf.Struct" => typed("object").with("description", "Any JSON object."),
        "google.protobuf.Value" => Object::default().with("description", "Any JSON value."),
        "google.protobuf.ListValue" => {
            typed("array").with("items", Object::default()).with("description", "Any JSON array.")
        }
        "google.protobuf.Any" => typed("object")
            .with("description", "A message of the type that `@type` names, with its fields.")
            .with("required", vec!["@type"])
            .with("properties", Object::default().with("@type", typed("string"))),
        other => {
            assert!(!other.starts_with("google."), "{other}: its JSON form is not known here");
            return None;
        }
    };
    Some(schema)
}

/// Returns what a message says about its alternatives.
fn choice(oneof: &OneofDescriptor) -> String {
    let rules = option(&oneof.options(), "buf.validate.oneof");
    let is_required = rules.get_field_by_name("required").unwrap().as_bool() == Some(true);
    let names = oneof.fields().map(|field| format!("`{}`", field.json_name()));
    let how_many = if is_required { "Exactly" } else { "At most" };
    format!("\n\n{how_many} one of {} is set.", names.collect::<Vec<_>>().join(", "))
}

/// Returns the kinds of callers that may set a field; none when all may.
fn set_by(field: &FieldDescriptor) -> Vec<Json> {
    let policy = option(&field.options(), "souk.policy.v1.field");
    let kinds = policy.get_field_by_name("set_by").unwrap();
    let of_policy = policy.descriptor().get_field_by_name("set_by").unwrap().kind();
    let of_policy = of_policy.as_enum().unwrap();
    let numbers = kinds.as_list().unwrap().iter().map(|kind| kind.as_enum_number().unwrap());
    numbers.map(|number| of_policy.get_value(number).unwrap().name().into()).collect()
}

/// Returns the data class of a field, where it is not the one of most fields.
fn data_class(field: &FieldDescriptor) -> Option<Json> {
    let policy = option(&field.options(), "souk.policy.v1.field");
    let number = policy.get_field_by_name("data_class").unwrap().as_enum_number().unwrap();
    let of_policy = policy.descriptor().get_field_by_name("data_class").unwrap().kind();
    let class = of_policy.as_enum().unwrap().get_value(number).unwrap();
    (number != 0).then(|| class.name().into())
}
