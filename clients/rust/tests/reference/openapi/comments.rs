//! The comments of the protos as Markdown.

use prost_reflect::{EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor};
use prost_reflect::{MessageDescriptor, MethodDescriptor, OneofDescriptor, ServiceDescriptor};

use crate::descriptors::sentence;

/// An element of a proto that has a comment.
pub trait Commented {
    /// Returns its comment: a line for each paragraph and each item of a list. Lines that are
    /// indented, which are examples, are kept.
    fn comment(&self) -> String;

    /// Returns the first sentence of its comment, without the full stop.
    fn summary(&self) -> String {
        let comment = self.comment();
        sentence(comment.lines().next().unwrap_or_default()).to_owned()
    }
}

macro_rules! commented {
    ($($element:ty: $parent:ident),*) => {
        $(impl Commented for $element {
            fn comment(&self) -> String {
                markdown(&leading(&self.$parent(), self.path()))
            }
        })*
    };
}

commented!(
    EnumDescriptor: parent_file,
    FieldDescriptor: parent_file,
    MessageDescriptor: parent_file,
    MethodDescriptor: parent_file,
    OneofDescriptor: parent_file,
    ServiceDescriptor: parent_file
);

impl Commented for EnumValueDescriptor {
    fn comment(&self) -> String {
        markdown(&leading(&self.parent_enum().parent_file(), self.path()))
    }
}

/// Returns the comment before an element, as it is written there.
fn leading(file: &FileDescriptor, path: &[i32]) -> String {
    let locations = &file.file_descriptor_proto().source_code_info.as_ref().unwrap().location;
    let location = locations.iter().find(|location| location.path == path);
    location.map_or_else(String::new, |location| location.leading_comments().to_owned())
}

/// Joins the lines of each paragraph.
fn markdown(comment: &str) -> String {
    let mut text = String::new();
    let mut is_open = false;
    for line in comment.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        let is_example = line.starts_with("  ") && !text.is_empty();
        let is_item = line.starts_with("- ");
        // A line of an item that goes on is indented as well.
        let goes_on = is_open && !line.is_empty() && !is_item;
        if goes_on && (!is_example || is_in_item(&text)) {
            text.push(' ');
            text.push_str(line.trim_start());
        } else {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
        is_open = !line.is_empty() && (!is_example || is_in_item(&text));
    }
    text.trim().to_owned()
}

/// Returns whether the last line is an item of a list.
fn is_in_item(text: &str) -> bool {
    text.lines().next_back().is_some_and(|line| line.starts_with("- "))
}

#[test]
fn a_comment_keeps_its_paragraphs_lists_and_examples() {
    let comment = " One sentence\n that goes on. Two.\n\n Three:\n\n - an item\n   that goes on\n \
                   - another\n\n     {\"a\": 1,\n      \"b\": 2}\n\n Four.\n";
    let text = "One sentence that goes on. Two.\n\nThree:\n\n- an item that goes on\n\
                - another\n\n    {\"a\": 1,\n     \"b\": 2}\n\nFour.";
    assert_eq!(markdown(comment), text);
}
