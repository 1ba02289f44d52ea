//! JSON as a person writes it: the members of an object stay in their order, and what fits into a
//! line is written in one. A map of `serde_json` keeps an order of its own.

use std::fmt::Write as _;

/// The longest line that holds more than one value.
const COLUMNS: usize = 100;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

/// A JSON object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// Returns this object with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a member, or replaces the one of the same name.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        let value = value.into();
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Adds the members of another object.
    pub fn extend(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.set(&name, value);
        }
    }

    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Returns a member that is an object; adds an empty one where there is none.
    pub fn object(&mut self, name: &str) -> &mut Self {
        if self.get(name).is_none() {
            self.set(name, Self::default());
        }
        let (_, value) = self.0.iter_mut().find(|(own, _)| own == name).expect("it was added");
        match value {
            Json::Object(object) => object,
            other => panic!("{name} is no object: {other:?}"),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Json {
    /// Returns the text of a file.
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(0, 0, &mut text);
        text.push('\n');
        text
    }

    /// Writes it, `column` characters after the beginning of a line with this indentation.
    fn write(&self, indent: usize, column: usize, text: &mut String) {
        let line = self.line();
        let is_short = column + line.chars().count() < COLUMNS;
        let (open, items, close): (_, Vec<(String, &Self)>, _) = match self {
            Self::List(items) if !is_short => {
                ('[', items.iter().map(|item| (String::new(), item)).collect(), ']')
            }
            Self::Object(Object(members)) if !is_short => {
                let named = |(name, value)| (format!("{}: ", quoted(name)), value);
                ('{', members.iter().map(|(name, value)| named((name, value))).collect(), '}')
            }
            _ => return text.push_str(&line),
        };
        let inner = indent + 2;
        text.push(open);
        for (index, (name, item)) in items.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n{:inner$}{name}", "");
            item.write(inner, inner + name.chars().count(), text);
        }
        let _ = write!(text, "\n{:indent$}{close}", "");
    }

    /// Returns it in one line.
    fn line(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::line).collect::<Vec<_>>().join(", "))
            }
            Self::Object(Object(members)) => {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("{}: {}", quoted(name), value.line()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

#[test]
fn what_fits_into_a_line_is_written_in_one() {
    let long = "x".repeat(80);
    let json = Json::from(
        Object::default()
            .with("short", Object::default().with("a", 1).with("b", vec![true, false]))
            .with("long", vec![long.as_str(), "a \"quoted\"\n\\ text\u{1}"]),
    );
    let text = format!(
        "{{\n  \"short\": {{\"a\": 1, \"b\": [true, false]}},\n  \"long\": [\n    \"{long}\",\n    \
         \"a \\\"quoted\\\"\\n\\\\ text\\u0001\"\n  ]\n}}\n"
    );
    assert_eq!(json.pretty(), text);
}
