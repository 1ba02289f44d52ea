//! The rules of one value as Rust code. The code finds the value bound as `value` (numbers, bools
//! and enums by value, others by reference) and adds to `out`. Every rule is taken from the
//! options; whatever is left over is not known and fails the build.

use std::fmt::Write as _;

use prost_reflect::{DynamicMessage, Kind, Value};

use crate::options::{Fields, integer, refuse_rest, time};
use crate::pattern::{self, Pattern};
use crate::problems::Element;

/// What is checked.
pub struct Subject<'a> {
    /// Its type.
    pub kind: &'a Kind,
    /// The Rust expression that makes its path.
    pub path: &'a str,
}

impl Subject<'_> {
    /// Returns the code that adds a violation when a condition is true.
    fn when(&self, condition: &str, rule: &str, description: &str) -> String {
        format!(
            "            if {condition} {{ out.add({}, {rule:?}, {description:?}); }}\n",
            self.path
        )
    }
}

/// Returns whether values of this kind are bound by value.
pub fn is_copy(kind: &Kind) -> bool {
    !matches!(kind, Kind::String | Kind::Bytes | Kind::Message(_))
}

/// Returns the Rust expression that says whether `value` is zero; messages have no zero.
pub fn zero(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Message(_) => None,
        Kind::String | Kind::Bytes => Some("value.is_empty()".to_owned()),
        Kind::Bool => Some("!value".to_owned()),
        Kind::Double | Kind::Float => Some("value == 0.0".to_owned()),
        _ => Some("value == 0".to_owned()),
    }
}

/// Returns whether this is a type of times, whose values can be wrong by themselves.
pub fn is_time(message: &str) -> bool {
    matches!(message, "google.protobuf.Timestamp" | "google.protobuf.Duration")
}

/// Returns the check of what a time must keep whatever rules its field has (C-VALID-9).
pub fn well_formed(message: &str, path: &str) -> String {
    let (name, words) = match message {
        "google.protobuf.Timestamp" => {
            ("timestamp", "must lie in the years 1 to 9999, with nanoseconds from 0 to 999,999,999")
        }
        "google.protobuf.Duration" => (
            "duration",
            "must lie within 315,576,000,000 s, with nanoseconds up to 999,999,999 and of the same sign as the seconds",
        ),
        _ => return String::new(),
    };
    format!(
        "            if !::souk_contract::rules::is_{name}(value.seconds, value.nanos) {{ out.add({path}, \"{name}.valid\", {words:?}); }}\n"
    )
}

/// Returns the checks of the rules under `name` (`string`, `int32`…) in the field rules.
pub fn checks(
    subject: &Subject<'_>,
    name: &str,
    rules: DynamicMessage,
    element: &mut Element<'_>,
) -> String {
    let expected = match subject.kind {
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        Kind::Bool => "bool",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Enum(_) => "enum",
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Duration" => "duration",
            "google.protobuf.Timestamp" => "timestamp",
            "google.protobuf.FieldMask" => "field_mask",
            _ => "message",
        },
        _ => "number",
    };
    if name != expected {
        element.problem(&format!(
            "has `{name}` rules but is a {expected} field, or its type cannot have rules"
        ));
        return String::new();
    }
    let mut rules = Fields::new(rules);
    let code = match name {
        "bool" => bool_checks(subject, &mut rules),
        "string" => string_checks(subject, &mut rules, element),
        "bytes" => bytes_checks(subject, &mut rules, element),
        "enum" => enum_checks(subject, &mut rules),
        "duration" | "timestamp" => time_checks(subject, name, &mut rules, element),
        "field_mask" => mask_checks(subject, &mut rules),
        _ => integer_checks(subject, name, &mut rules, element),
    };
    refuse_rest(&rules, &format!("{name}."), element);
    code
}

/// Returns the check of a size with a lower and an upper limit.
pub fn size(
    measure: &str,
    path: &str,
    limits: [(&str, Option<u64>); 2],
    unit: [&str; 2],
    element: &mut Element<'_>,
) -> String {
    let [(min_rule, min), (max_rule, max)] = limits;
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        element.problem(&format!("rule `{min_rule}` is above `{max_rule}`"));
    }
    let text = size_text(min, max, unit);
    let mut code = String::new();
    for (rule, sign, limit) in [(min_rule, "<", min.filter(|min| *min > 0)), (max_rule, ">", max)] {
        if let Some(limit) = limit {
            let _ = writeln!(
                code,
                "            if {measure} {sign} {limit} {{ out.add_size({path}, {rule:?}, {text:?}, {measure}); }}"
            );
        }
    }
    code
}

/// Returns what a size must be, in words.
pub fn size_text(min: Option<u64>, max: Option<u64>, [one, many]: [&str; 2]) -> String {
    let unit = |count: u64| if count == 1 { one } else { many };
    match (min.filter(|min| *min > 0), max) {
        (Some(min), Some(max)) if min == max => format!("must be {min} {}", unit(min)),
        (Some(min), Some(max)) => format!("must be {min} to {max} {}", unit(max)),
        (Some(min), None) => format!("must be at least {min} {}", unit(min)),
        (None, max) => format!("must be at most {} {}", max.unwrap_or(0), unit(max.unwrap_or(0))),
    }
}

/// A limit: its order, the Rust expression, and the text.
type Limit = (i128, String, String);

/// Returns the check of a range, with the rule named as protovalidate does: both limits are one
/// rule.
fn range(
    subject: &Subject<'_>,
    name: &str,
    value: &str,
    rules: &mut Fields,
    element: &mut Element<'_>,
    limit: impl Fn(&Value) -> Option<Limit>,
) -> String {
    let mut take =
        |rule: &'static str| rules.take(rule).as_ref().and_then(&limit).map(|limit| (rule, limit));
    let lower = take("gte").or_else(|| take("gt"));
    let upper = take("lte").or_else(|| take("lt"));
    let words = |rule: &str| match rule {
        "gte" => ("<", "at least"),
        "gt" => ("<=", "greater than"),
        "lte" => (">", "at most"),
        _ => (">=", "less than"),
    };
    match (lower, upper) {
        (
            Some((low, (low_order, low_code, low_text))),
            Some((up, (up_order, up_code, up_text))),
        ) => {
            if low_order > up_order || (low_order == up_order && (low, up) != ("gte", "lte")) {
                element.problem(&format!(
                    "rules `{name}.{low}` and `{name}.{up}` leave no value between them"
                ));
            }
            let description = if (low, up) == ("gte", "lte") {
                format!("must be {low_text} to {up_text}")
            } else {
                format!("must be {} {low_text} and {} {up_text}", words(low).1, words(up).1)
            };
            let condition =
                format!("{value} {} {low_code} || {value} {} {up_code}", words(low).0, words(up).0);
            subject.when(&condition, &format!("{name}.{low}_{up}"), &description)
        }
        (Some((rule, (_, code, text))), None) | (None, Some((rule, (_, code, text)))) => {
            let (sign, words) = words(rule);
            subject.when(
                &format!("{value} {sign} {code}"),
                &format!("{name}.{rule}"),
                &format!("must be {words} {text}"),
            )
        }
        (None, None) => String::new(),
    }
}

fn integer_checks(
    subject: &Subject<'_>,
    name: &str,
    rules: &mut Fields,
    element: &mut Element<'_>,
) -> String {
    let text = |value: &Value| integer(value).map(|number| number.to_string());
    let mut code = String::new();
    if let Some(number) = rules.take("const").as_ref().and_then(text) {
        code += &subject.when(
            &format!("value != {number}"),
            &format!("{name}.const"),
            &format!("must be {number}"),
        );
    }
    code += &range(subject, name, "value", rules, element, |value| {
        let number = integer(value)?;
        Some((number, number.to_string(), number.to_string()))
    });
    code + &set_checks(subject, name, "value", rules, |value| {
        text(value).map(|number| (number.clone(), number))
    })
}

/// Returns the checks of `in` and `not_in`; `show` gives the Rust pattern and the text of a listed
/// value.
fn set_checks(
    subject: &Subject<'_>,
    name: &str,
    value: &str,
    rules: &mut Fields,
    show: impl Fn(&Value) -> Option<(String, String)>,
) -> String {
    let mut code = String::new();
    for (rule, sign, words) in [("in", "!", "must be one of"), ("not_in", "", "must not be any of")]
    {
        let (patterns, texts): (Vec<_>, Vec<_>) =
            rules.take_list(rule).iter().filter_map(&show).unzip();
        if patterns.is_empty() {
            continue;
        }
        let words = if rule == "not_in" && texts.len() == 1 { "must not be" } else { words };
        let condition = format!("{sign}matches!({value}, {})", patterns.join(" | "));
        code += &subject.when(
            &condition,
            &format!("{name}.{rule}"),
            &format!("{words} {}", texts.join(", ")),
        );
    }
    code
}

fn bool_checks(subject: &Subject<'_>, rules: &mut Fields) -> String {
    match rules.take("const").and_then(|value| value.as_bool()) {
        Some(expected) => subject.when(
            &format!("value != {expected}"),
            "bool.const",
            &format!("must be {expected}"),
        ),
        None => String::new(),
    }
}

fn enum_checks(subject: &Subject<'_>, rules: &mut Fields) -> String {
    let Kind::Enum(kind) = subject.kind else {
        return String::new();
    };
    let show = |number: i128| {
        let value = i32::try_from(number).ok().and_then(|number| kind.get_value(number));
        value.map_or_else(|| number.to_string(), |value| value.name().to_owned())
    };
    let mut code = String::new();
    if let Some(number) = rules.take("const").as_ref().and_then(integer) {
        code += &subject.when(
            &format!("value != {number}"),
            "enum.const",
            &format!("must be {}", show(number)),
        );
    }
    if rules.take_bool("defined_only") {
        let numbers =
            kind.values().map(|value| value.number().to_string()).collect::<Vec<_>>().join(" | ");
        let text = format!("must be a value that {} defines", kind.name());
        code += &subject.when(&format!("!matches!(value, {numbers})"), "enum.defined_only", &text);
    }
    code + &set_checks(subject, "enum", "value", rules, |value| {
        let number = integer(value)?;
        Some((number.to_string(), show(number)))
    })
}

fn string_checks(subject: &Subject<'_>, rules: &mut Fields, element: &mut Element<'_>) -> String {
    let path = subject.path;
    let mut code = String::new();
    if let Some(text) = rules.take_text("const") {
        code += &subject.when(
            &format!("value != {text:?}"),
            "string.const",
            &format!("must be {text:?}"),
        );
    }
    code += &characters(subject, rules, element);
    let exact = rules.take_size("len_bytes");
    for limits in [
        [("string.len_bytes", exact), ("string.len_bytes", exact)],
        [
            ("string.min_bytes", rules.take_size("min_bytes")),
            ("string.max_bytes", rules.take_size("max_bytes")),
        ],
    ] {
        code += &size("value.len()", path, limits, ["byte", "bytes"], element);
    }
    if let Some(text) = rules.take_text("pattern") {
        code += &pattern_check(subject, &text, element);
    }
    for (rule, condition, words) in [
        ("prefix", "!value.starts_with", "must start with"),
        ("suffix", "!value.ends_with", "must end with"),
        ("contains", "!value.contains", "must contain"),
        ("not_contains", "value.contains", "must not contain"),
    ] {
        if let Some(text) = rules.take_text(rule) {
            code += &subject.when(
                &format!("{condition}({text:?})"),
                &format!("string.{rule}"),
                &format!("{words} {text:?}"),
            );
        }
    }
    code += &set_checks(subject, "string", "value.as_str()", rules, |value| {
        let text = value.as_str()?;
        Some((format!("{text:?}"), format!("{text:?}")))
    });
    for (rule, words) in [
        ("email", "must be an e-mail address"),
        ("uri", "must be an absolute URI"),
        ("uuid", "must be a UUID"),
    ] {
        if rules.take_bool(rule) {
            let _ = writeln!(
                code,
                "            if value.is_empty() {{ out.add({path}, \"string.{rule}_empty\", {words:?}); }} \
                 else if !::souk_contract::rules::is_{rule}(value) {{ out.add({path}, \"string.{rule}\", {words:?}); }}"
            );
        }
    }
    code
}

/// Returns the check of `len`, `min_len` and `max_len`, which count characters.
fn characters(subject: &Subject<'_>, rules: &mut Fields, element: &mut Element<'_>) -> String {
    let path = subject.path;
    let (len, min, max) =
        (rules.take_size("len"), rules.take_size("min_len"), rules.take_size("max_len"));
    if len.is_some() && (min.is_some() || max.is_some()) {
        element.problem("rule `string.len` is combined with `min_len` or `max_len`");
    }
    let low = len.or(min).unwrap_or(0);
    let high = len.or(max);
    if high.is_some_and(|high| low > high) {
        element.problem("rule `string.min_len` is above `string.max_len`");
    }
    if low == 0 && high.is_none() {
        return String::new();
    }
    let text = size_text(Some(low), high, ["character", "characters"]);
    let rule = match (len, min, max) {
        (Some(_), ..) => "\"string.len\"".to_owned(),
        (_, Some(_), Some(_)) => {
            format!("if chars < {low} {{ \"string.min_len\" }} else {{ \"string.max_len\" }}")
        }
        (_, Some(_), None) => "\"string.min_len\"".to_owned(),
        _ => "\"string.max_len\"".to_owned(),
    };
    let high = high.map_or_else(|| "usize::MAX".to_owned(), |high| high.to_string());
    format!(
        "            if let Some(chars) = ::souk_contract::rules::chars_outside(value, {low}, {high}) {{ \
         out.add_size({path}, {rule}, {text:?}, chars); }}\n"
    )
}

fn pattern_check(subject: &Subject<'_>, text: &str, element: &mut Element<'_>) -> String {
    let description = format!("must match {text}");
    match pattern::read(text) {
        Err(problem) => {
            element.problem(&format!("rule `string.pattern` {problem}"));
            String::new()
        }
        Ok(Pattern::Regex) => format!(
            "            {{ static PATTERN: ::std::sync::LazyLock<::souk_contract::rules::Regex> = \
             ::std::sync::LazyLock::new(|| ::souk_contract::rules::pattern({text:?}));\n{}            }}\n",
            subject.when("!PATTERN.is_match(value)", "string.pattern", &description)
        ),
        Ok(Pattern::Sequence { prefix, steps }) => {
            let steps = steps
                .iter()
                .map(|(set, min, max)| {
                    format!(
                        "::souk_contract::rules::Step {{ set: {set:#x}, min: {min}, max: {max} }}"
                    )
                })
                .collect::<Vec<_>>()
                .join(", ");
            let condition = format!(
                "!value.strip_prefix({prefix:?}).is_some_and(|rest| ::souk_contract::rules::is_sequence(rest, STEPS))"
            );
            format!(
                "            {{ const STEPS: &[::souk_contract::rules::Step] = &[{steps}];\n{}            }}\n",
                subject.when(&condition, "string.pattern", &description)
            )
        }
    }
}

fn bytes_checks(subject: &Subject<'_>, rules: &mut Fields, element: &mut Element<'_>) -> String {
    let mut code = String::new();
    if let Some(bytes) =
        rules.take("const").and_then(|value| value.as_bytes().map(|bytes| bytes.to_vec()))
    {
        code += &subject.when(
            &format!("value[..] != {bytes:?}[..]"),
            "bytes.const",
            "must be one fixed value",
        );
    }
    let exact = rules.take_size("len");
    if exact.is_some() {
        code += &format!(
            "            if value.len() != {len} {{ out.add_size({}, \"bytes.len\", {:?}, value.len()); }}\n",
            subject.path,
            size_text(exact, exact, ["byte", "bytes"]),
            len = exact.unwrap_or(0)
        );
    }
    let limits = [
        ("bytes.min_len", rules.take_size("min_len")),
        ("bytes.max_len", rules.take_size("max_len")),
    ];
    code + &size("value.len()", subject.path, limits, ["byte", "bytes"], element)
}

fn time_checks(
    subject: &Subject<'_>,
    name: &str,
    rules: &mut Fields,
    element: &mut Element<'_>,
) -> String {
    range(subject, name, "(value.seconds, value.nanos)", rules, element, |value| {
        let (seconds, nanos) = time(value)?;
        let order = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let text = match (name, nanos) {
            ("duration", 0) => format!("{seconds} s"),
            ("duration", _) => format!("{} s", order as f64 / 1e9),
            _ => format!("{seconds}.{nanos:09} s after 1970-01-01T00:00:00Z"),
        };
        Some((order, format!("({seconds}, {nanos})"), text))
    })
}

fn mask_checks(subject: &Subject<'_>, rules: &mut Fields) -> String {
    let allowed = rules
        .take_list("in")
        .iter()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect::<Vec<_>>();
    if allowed.is_empty() {
        return String::new();
    }
    subject.when(
        &format!("!::souk_contract::rules::is_mask_within(&value.paths, &{allowed:?})"),
        "field_mask.in",
        &format!("must name only {}", allowed.join(", ")),
    )
}
