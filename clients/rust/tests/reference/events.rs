//! docs/reference/events.md: every event, its key, and what it tells.

use std::fmt::Write as _;

use prost_reflect::DescriptorPool;
use souk_client::CONTRACT;

use crate::descriptors::{comment, is_made, option, sentence};

#[test]
fn the_page_of_events_is_what_the_contract_says() {
    let pool = DescriptorPool::decode(CONTRACT.descriptors).unwrap();
    let option_of_events = pool.get_extension_by_name("souk.policy.v1.event").unwrap();
    let mut page = String::from(
        "# Events\n\n\
         What services publish, by the message of the payload; its full name is the type of the event. Events with the same key are\n\
         delivered in the order of their changes; the key is the value of a field of the payload, and the subject of the event. The\n\
         service of a type's package alone may publish it. A service receives events by a subscription\n\
         ([add-a-service.md](../add-a-service.md)), a program outside by `Subscribe` of\n\
         [souk.events.v1.EventService](../../proto/souk/events/v1/events_service.proto) or a webhook.\n\n\
         `cargo xtask gen` writes this page from the contract.\n",
    );
    let mut package = String::new();
    for message in pool.all_messages() {
        if !message.options().has_extension(&option_of_events) {
            continue;
        }
        if message.package_name() != package {
            package = message.package_name().to_owned();
            let _ = write!(page, "\n## {package}\n\n| event | key | when |\n| --- | --- | --- |\n");
        }
        let policy = option(&message.options(), "souk.policy.v1.event");
        let key = policy.get_field_by_name("key").unwrap();
        let when = comment(&message.parent_file(), message.path());
        let (name, key) = (message.name(), key.as_str().unwrap());
        let _ = writeln!(page, "| `{name}` | `{key}` | {} |", sentence(&when));
    }
    is_made("docs/reference/events.md", &page);
}
