//! The descriptor set that a program carries for reflection: everything but the places in the
//! source files, of which only those with comments are kept. Works on the wire format, since
//! decoding into prost's types would lose the custom options.

use prost::Message as _;
use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};
use prost_types::SourceCodeInfo;

use crate::problems::Error;

/// The number of `FileDescriptorSet.file`.
const FILE: u32 = 1;
/// The number of `FileDescriptorProto.source_code_info`.
const SOURCE_CODE_INFO: u32 = 9;

/// Returns an encoded FileDescriptorSet without the places that have no comment.
pub fn with_comments_only(set: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(set.len());
    rewrite(set, FILE, &mut out, |file, out| {
        let mut smaller = Vec::with_capacity(file.len());
        rewrite(file, SOURCE_CODE_INFO, &mut smaller, |info, out| {
            let mut info =
                SourceCodeInfo::decode(info).map_err(|error| Error::one(error.to_string()))?;
            info.location.retain(|place| {
                place.leading_comments.is_some()
                    || place.trailing_comments.is_some()
                    || !place.leading_detached_comments.is_empty()
            });
            write(SOURCE_CODE_INFO, &info.encode_to_vec(), out);
            Ok(())
        })?;
        write(FILE, &smaller, out);
        Ok(())
    })?;
    Ok(out)
}

/// Copies the fields of a message, except those with one number, which `change` writes.
fn rewrite(
    mut message: &[u8],
    number: u32,
    out: &mut Vec<u8>,
    mut change: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    let malformed = |error: prost::DecodeError| Error::one(error.to_string());
    while message.has_remaining() {
        let (tag, kind) = decode_key(&mut message).map_err(malformed)?;
        match kind {
            WireType::Varint => {
                encode_key(tag, kind, out);
                encode_varint(decode_varint(&mut message).map_err(malformed)?, out);
            }
            WireType::LengthDelimited => {
                let length = decode_varint(&mut message).map_err(malformed)?;
                let (value, rest) = usize::try_from(length)
                    .ok()
                    .and_then(|length| message.split_at_checked(length))
                    .ok_or_else(|| Error::one("the descriptor set is cut off".to_owned()))?;
                message = rest;
                if tag == number { change(value, out)? } else { write(tag, value, out) }
            }
            _ => {
                return Err(Error::one(format!(
                    "field {tag} of a descriptor has an unexpected form"
                )));
            }
        }
    }
    Ok(())
}

fn write(tag: u32, value: &[u8], out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}
