//! Requests are made from the rules of any team: what is not known is named, and nothing panics or
//! has no end.

use std::path::Path;

use prost_reflect::{DescriptorPool, MessageDescriptor, Value};
use souk_conform::requests::broken::{self, Cases};
use souk_conform::requests::valid;

/// Returns a message of tests/requests/stranger.proto.
fn message(name: &str) -> MessageDescriptor {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [here.join("tests/requests")];
    let mut compiler = protox::Compiler::new(folders).expect("the folders are there");
    compiler.include_imports(true).open_file("stranger.proto").expect("it compiles");
    let files = compiler.encode_file_descriptor_set();
    let pool = DescriptorPool::decode(files.as_slice()).expect("descriptors");
    pool.get_message_by_name(&format!("acme.loyalty.v1.{name}")).expect("the message")
}

/// Returns what is done to a field where a rule is broken.
fn broken_of<'a>(made: &'a Cases, field: &str) -> Vec<&'a str> {
    let cases = made.cases.iter().filter(|case| case.is_broken && case.field == field);
    cases.map(|case| case.what.as_str()).collect()
}

#[test]
fn a_valid_request_keeps_rules_that_souk_does_not_use() {
    let request = valid::message(&message("EarnRequest")).unwrap();
    let of = |name: &str| request.get_field_by_name(name).unwrap().into_owned();
    assert_eq!(of("email"), Value::String("conformance@example.com".to_owned()));
    assert!(of("code").as_str().is_some_and(|code| code.starts_with("L-")), "{request:?}");
    assert_eq!(of("factor"), Value::F64(10.0));
    assert_eq!(of("points"), Value::I32(5));
    assert_eq!(of("serial"), Value::U64(7));
    assert_eq!(of("digest").as_bytes().map(|bytes| bytes.len()), Some(32));
    assert_eq!(of("level"), Value::EnumNumber(2));
    let tags = of("tags");
    let tags = tags.as_list().unwrap();
    assert!(tags.len() == 2 && tags[0] != tags[1], "{tags:?}");
}

#[test]
fn each_rule_that_is_known_is_broken_and_the_others_are_named() {
    let made = broken::cases(&message("EarnRequest"));
    assert_eq!(broken_of(&made, "email"), ["not ASCII (its format)"]);
    assert!(broken_of(&made, "code").iter().any(|what| what.contains("prefix")));
    assert!(broken_of(&made, "points").contains(&"one too few (gte)"));
    assert_eq!(broken_of(&made, "digest"), ["too long (len)"]);
    assert_eq!(broken_of(&made, "tags"), ["too few (min_items)", "too many (max_items)"]);
    assert!(broken_of(&made, "tree.name").contains(&"empty (min_len)"));
    assert!(!broken_of(&made, "level").is_empty());
    for what in ["factor", "names"] {
        assert!(made.untaught.iter().any(|note| note.contains(what)), "{:?}", made.untaught);
    }
}

#[test]
fn a_request_with_an_expression_is_named_and_left_out() {
    // Nothing here could say whether the other fields are alone at fault.
    let made = broken::cases(&message("ComputedRequest"));
    assert_eq!((made.cases.len(), made.untaught.len()), (0, 1), "{:?}", made.untaught);
    assert!(made.untaught[0].contains("ComputedRequest.count (cel)"), "{:?}", made.untaught);
}

#[test]
fn a_field_without_a_known_valid_value_is_named() {
    let why = valid::message(&message("UnknownRequest")).unwrap_err().to_string();
    assert!(why.contains("acme.loyalty.v1.UnknownRequest.query"), "{why}");
    let made = broken::cases(&message("UnknownRequest"));
    assert_eq!((made.cases.len(), made.untaught), (0, vec![why]));
}
