//! Counts the items of a request's lists while it is still bytes: two bytes on the wire can become
//! two hundred in memory, so a list that is too long is refused before anything of it is decoded.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::{Path, Violations};

/// Messages shorter than this are not counted before they are decoded: what they can become in
/// memory is small, and the validator counts again.
pub const UNCOUNTED_BYTES: usize = 1024;

/// How deeply prost decodes messages within messages; it refuses what lies deeper.
const MAX_DEPTH: u32 = 100;

/// What is counted in a message of one type.
#[derive(Debug)]
pub struct Shape {
    /// How many counters a message needs: one for each of its lists, and those of the messages in
    /// its singular fields.
    pub counters: usize,
    /// The fields that are lists or maps, or hold a message that has some.
    pub fields: &'static [ShapeField],
}

impl Shape {
    /// The shape of a message without lists.
    pub const EMPTY: &'static Self = &Self { counters: 0, fields: &[] };
}

/// A field that is counted, or that holds something that is.
#[derive(Debug)]
pub struct ShapeField {
    /// The number of the field.
    pub number: u32,
    /// Its name in the proto.
    pub name: &'static str,
    /// How often it may occur.
    pub occurs: Occurs,
    /// The shape of the message that it holds, where something is counted in it.
    pub inner: Option<&'static Shape>,
}

/// How often a field may occur in one message.
#[derive(Debug)]
pub enum Occurs {
    /// Once. A decoder merges a message that comes in several pieces, so its counters are kept
    /// among those of the message around it, from this index.
    Once(usize),
    /// As often as the rule says.
    Often(List),
}

/// A list or a map.
#[derive(Debug)]
pub struct List {
    /// The index of its counter.
    pub counter: usize,
    /// The most items, or entries of a map.
    pub most: usize,
    /// The rule as protovalidate names it: `repeated.max_items`.
    pub rule: &'static str,
    /// What must be so, in the validator's words: `must be 1 to 1000 items`.
    pub description: &'static str,
    /// How items are written when several are packed together.
    pub packed: Packed,
}

/// How the items of a list are written when several are packed together.
#[derive(Debug, Clone, Copy)]
pub enum Packed {
    /// They are not: each has a tag of its own.
    Never,
    /// As variable-length integers.
    Varint,
    /// In four bytes each.
    Fixed32,
    /// In eight bytes each.
    Fixed64,
}

/// Checks the lists of an encoded request, and of the messages in it, and stops at the first item
/// too many. Bytes that are no message of this shape are let through from where they stop being
/// one: decoding them fails there.
///
/// # Errors
/// The one list that is too long, with its path.
pub fn check_counts(bytes: &[u8], shape: &Shape) -> Result<(), Violations> {
    let mut scan = Scan { counters: vec![0; shape.counters] };
    match scan.message(bytes, shape, &Path::Root, Place { depth: 0, counters: 0 }) {
        Err(Stop::TooMany(violations)) => Err(violations),
        Ok(()) | Err(Stop::Malformed) => Ok(()),
    }
}

enum Stop {
    /// prost refuses these bytes too, at this place.
    Malformed,
    TooMany(Violations),
}

impl From<prost::DecodeError> for Stop {
    fn from(_error: prost::DecodeError) -> Self {
        Stop::Malformed
    }
}

#[derive(Clone, Copy)]
struct Place {
    depth: u32,
    /// The index of the message's first counter.
    counters: usize,
}

struct Scan {
    /// The counters of the messages that are being read, the outermost first.
    counters: Vec<usize>,
}

impl Scan {
    fn message(
        &mut self,
        mut bytes: &[u8],
        shape: &Shape,
        path: &Path<'_>,
        place: Place,
    ) -> Result<(), Stop> {
        if place.depth > MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        while !bytes.is_empty() {
            let (number, wire) = decode_key(&mut bytes)?;
            let Some(field) = shape.fields.iter().find(|field| field.number == number) else {
                skip_field(wire, number, &mut bytes, DecodeContext::default())?;
                continue;
            };
            let path = path.field(field.name);
            let depth = place.depth + 1;
            match &field.occurs {
                Occurs::Once(offset) => {
                    let content = content(wire, &mut bytes)?;
                    if let Some(inner) = field.inner {
                        self.message(
                            content,
                            inner,
                            &path,
                            Place { depth, counters: place.counters + offset },
                        )?;
                    }
                }
                Occurs::Often(list) => {
                    let (added, content) = items(list.packed, wire, number, &mut bytes)?;
                    let counter = &mut self.counters[place.counters + list.counter];
                    let index = *counter;
                    *counter += added;
                    if *counter > list.most {
                        let mut violations = Violations::default();
                        let description = format!("{}, has more", list.description);
                        violations.add(path, list.rule, description);
                        return Err(Stop::TooMany(violations));
                    }
                    if let Some(inner) = field.inner {
                        let counters = self.counters.len();
                        self.counters.resize(counters + inner.counters, 0);
                        self.message(
                            content,
                            inner,
                            &path.index(index),
                            Place { depth, counters },
                        )?;
                        self.counters.truncate(counters);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Takes what is written of a list at one tag: how many items, and the content when it is one of
/// variable length.
fn items<'a>(
    packed: Packed,
    wire: WireType,
    number: u32,
    bytes: &mut &'a [u8],
) -> Result<(usize, &'a [u8]), Stop> {
    match (packed, wire) {
        (Packed::Never, WireType::LengthDelimited) => Ok((1, content(wire, bytes)?)),
        (Packed::Varint, WireType::LengthDelimited) => {
            let content = content(wire, bytes)?;
            // The last byte of an integer is the one without the highest bit.
            Ok((content.iter().filter(|byte| **byte < 0x80).count(), content))
        }
        (Packed::Fixed32, WireType::LengthDelimited) => {
            let content = content(wire, bytes)?;
            Ok((content.len() / 4, content))
        }
        (Packed::Fixed64, WireType::LengthDelimited) => {
            let content = content(wire, bytes)?;
            Ok((content.len() / 8, content))
        }
        (Packed::Varint, WireType::Varint)
        | (Packed::Fixed32, WireType::ThirtyTwoBit)
        | (Packed::Fixed64, WireType::SixtyFourBit) => {
            skip_field(wire, number, bytes, DecodeContext::default())?;
            Ok((1, &[]))
        }
        _ => Err(Stop::Malformed),
    }
}

/// Takes the content of a field of variable length.
fn content<'a>(wire: WireType, bytes: &mut &'a [u8]) -> Result<&'a [u8], Stop> {
    if wire != WireType::LengthDelimited {
        return Err(Stop::Malformed);
    }
    let length = usize::try_from(decode_varint(bytes)?).map_err(|_| Stop::Malformed)?;
    let (content, rest) = bytes.split_at_checked(length).ok_or(Stop::Malformed)?;
    *bytes = rest;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn list(
        number: u32,
        name: &'static str,
        occurs: List,
        inner: Option<&'static Shape>,
    ) -> ShapeField {
        ShapeField { number, name, occurs: Occurs::Often(occurs), inner }
    }

    const fn most(counter: usize, most: usize, packed: Packed) -> List {
        List {
            counter,
            most,
            rule: "repeated.max_items",
            description: "must be at most a few items",
            packed,
        }
    }

    /// `message Part { repeated string texts = 1; }`, at most two.
    static PART: Shape =
        Shape { counters: 1, fields: &[list(1, "texts", most(0, 2, Packed::Never), None)] };
    /// `message Whole { repeated Part parts = 1; Part part = 2; repeated int32 numbers = 3; repeated fixed64 wide = 4; }`,
    /// at most three each.
    static WHOLE: Shape = Shape {
        counters: 4,
        fields: &[
            list(1, "parts", most(0, 3, Packed::Never), Some(&PART)),
            ShapeField { number: 2, name: "part", occurs: Occurs::Once(3), inner: Some(&PART) },
            list(3, "numbers", most(1, 3, Packed::Varint), None),
            list(4, "wide", most(2, 3, Packed::Fixed64), None),
        ],
    };

    fn refused(bytes: &[u8]) -> Option<String> {
        let violations = check_counts(bytes, &WHOLE).err()?;
        let one = violations.iter().next().unwrap();
        assert_eq!(one.description, "must be at most a few items, has more");
        Some(one.field.clone())
    }

    #[test]
    fn items_up_to_the_limit_pass_however_they_are_written() {
        for bytes in [
            &[][..],
            &[0x0a, 0, 0x0a, 0, 0x0a, 0],
            &[0x1a, 3, 1, 2, 3],
            &[0x18, 1, 0x18, 2, 0x1a, 2, 0x80, 1],
            // Unknown fields, including groups, are skipped.
            &[0x28, 1, 0x28, 1, 0x28, 1, 0x28, 1, 0x33, 0x0a, 0, 0x34],
        ] {
            assert_eq!(refused(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn the_first_item_too_many_is_refused_with_its_path() {
        for (bytes, field) in [
            (&[0x0a, 0, 0x0a, 0, 0x0a, 0, 0x0a, 0][..], "parts"),
            (&[0x1a, 4, 1, 2, 3, 4], "numbers"),
            (&[0x18, 1, 0x18, 2, 0x1a, 2, 1, 2], "numbers"),
            (&[0x0a, 0, 0x0a, 6, 0x0a, 0, 0x0a, 0, 0x0a, 0], "parts[1].texts"),
            // One message in two pieces is one message.
            (&[0x12, 4, 0x0a, 0, 0x0a, 0, 0x12, 2, 0x0a, 0], "part.texts"),
        ] {
            assert_eq!(refused(bytes).as_deref(), Some(field), "{bytes:?}");
        }
        let wide = [&[0x22, 32][..], &[7; 32]].concat();
        assert_eq!(refused(&wide).as_deref(), Some("wide"));
    }

    #[test]
    fn every_message_of_a_list_has_counters_of_its_own() {
        let part = [0x0a, 4, 0x0a, 0, 0x0a, 0];
        assert_eq!(refused(&part.repeat(3)), None);
        assert_eq!(refused(&part.repeat(4)).as_deref(), Some("parts"));
    }

    #[test]
    fn bytes_that_are_no_message_are_left_to_the_decoder() {
        for bytes in
            [&[0x0a][..], &[0x0a, 9, 1], &[0x0b], &[0x18], &[0, 0], &[0x09, 1], &[0xff; 30]]
        {
            assert_eq!(refused(bytes), None, "{bytes:?}");
        }
    }
}
