//! Development tokens, written from C-ACCESS-5 and not from the code that is checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use souk_contract::Caller;

/// The key of development tokens unless another is set.
pub const PUBLIC_KEY: &str = "souk-development-key-that-is-no-secret";

/// The key that some processes are started with, which must not be printed.
pub const KEY: &str = "conformance-key-91c4";

/// Returns a token of a caller with these scopes; empty for an anonymous one.
pub fn token(caller: &Caller, scopes: &[&str], key: &str) -> String {
    if *caller == Caller::Anonymous {
        return String::new();
    }
    let mut payload = caller.key().replace('%', "%25").replace(' ', "%20");
    if let Some(customer) = caller.customer() {
        payload.push_str(&format!(" customer={customer}"));
    }
    for scope in scopes {
        payload.push(' ');
        payload.push_str(scope);
    }
    let payload = BASE64.encode(payload);
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key may have any length");
    mac.update(payload.as_bytes());
    format!("souk-dev.{payload}.{}", BASE64.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_the_document_says() {
        let caller = Caller::Staff("ada love%lace".to_owned());
        let token = token(&caller, &["orders.read", "*"], PUBLIC_KEY);
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], "souk-dev");
        let payload = String::from_utf8(BASE64.decode(parts[1]).unwrap()).unwrap();
        assert_eq!(payload, "staff:ada%20love%25lace orders.read *");
        assert_eq!(BASE64.decode(parts[2]).unwrap().len(), 32);
    }

    #[test]
    fn the_token_of_a_person_has_its_customer_and_anonymous_has_none() {
        let token_of_alice = token(&Caller::user("alice"), &[], PUBLIC_KEY);
        let payload = BASE64.decode(token_of_alice.split('.').nth(1).unwrap()).unwrap();
        let payload = String::from_utf8(payload).unwrap();
        assert_eq!(payload, "user:alice customer=customer_6hwct5gq5kb1dtg419zs3z7jba");
        assert_eq!(token(&Caller::Anonymous, &["*"], PUBLIC_KEY), "");
    }
}
