//! Who calls, proved by a development token. The place for real identities, which come later.
//!
//! A token is `souk-dev.<payload>.<mac>`: the payload is the caller, its claims and its scopes
//! separated by spaces, the mac is HMAC-SHA256 over it, both in base64url without padding. Claims
//! are `customer=customer_…`, which the token of every user and guest has, and `expires=…` in
//! seconds since 1970. The key is public unless one is configured, so a server whose address is
//! not loopback refuses such tokens.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;
use souk_contract::{Caller, EVERY_SCOPE, User};
use souk_types::{Clock, Timestamp};
use tonic::Status;

use crate::caller::Identity;
use crate::refusal;

/// The key that signs development tokens unless `identity.development_key` sets another. It is no
/// secret.
pub const DEVELOPMENT_KEY: &str = "souk-development-key-that-is-no-secret";

const PREFIX: &str = "souk-dev.";
const CUSTOMER: &str = "customer=";
const EXPIRES: &str = "expires=";
const EXPIRED: &str = "the token has expired";
/// Longer tokens are refused before anything is computed over them.
const MAX_TOKEN_BYTES: usize = 2048;
/// How many verified tokens are remembered.
const REMEMBERED_TOKENS: usize = 10_000;

/// The most characters that the id of a caller may have.
pub const MAX_ID_CHARACTERS: usize = 128;

/// Checks the id of a caller by the one rule that holds for ids everywhere: 1 to 128 characters,
/// none of them a control character, in Unicode's normal form C, and no blank at either end. Ids
/// are compared byte by byte and end in logs, events and the requests of others.
///
/// # Errors
/// What is wrong with the id, and what is allowed.
pub fn check_id(caller: &Caller) -> Result<(), String> {
    let id = caller.id();
    let what = if *caller == Caller::Anonymous {
        return Ok(());
    } else if id.is_empty() {
        "it is empty"
    } else if id.chars().take(MAX_ID_CHARACTERS + 1).count() > MAX_ID_CHARACTERS {
        "it is too long"
    } else if id.chars().any(char::is_control) {
        "it has a control character"
    } else if id.trim() != id {
        "it begins or ends with a space"
    } else if !unicode_normalization::is_nfc(id) {
        "it is not in Unicode's normal form C"
    } else {
        return Ok(());
    };
    Err(format!(
        "the id of the caller is not allowed: {what}; must be 1 to {MAX_ID_CHARACTERS} characters, without control \
         characters and spaces at the ends, in Unicode normal form C"
    ))
}

/// Returns a token for `who` with every scope, signed with [`DEVELOPMENT_KEY`]; send it as
/// `authorization: Bearer <token>`. For tools and tests.
///
/// An anonymous caller has no token, so the result is empty.
pub fn development_token(who: &Caller) -> String {
    development_token_with(who, every_scope(who), DEVELOPMENT_KEY)
}

/// Returns the scopes of a token that lacks none. A user's token has none: what a user may do
/// depends on whose things they are.
fn every_scope(who: &Caller) -> &'static [&'static str] {
    match who {
        Caller::Service(_) | Caller::Staff(_) => &[EVERY_SCOPE],
        Caller::User(_) | Caller::Anonymous => &[],
    }
}

/// Returns a token for `who` with `scopes` (words without spaces), signed with `key`.
pub fn development_token_with(who: &Caller, scopes: &[&str], key: &str) -> String {
    token(who, None, scopes, key)
}

/// Returns a token for `who` without scopes that is good until `expires`, in whole seconds, signed
/// with `key`.
pub fn development_token_until(who: &Caller, expires: Timestamp, key: &str) -> String {
    token(who, Some(expires), &[], key)
}

fn token(who: &Caller, expires: Option<Timestamp>, scopes: &[&str], key: &str) -> String {
    if *who == Caller::Anonymous {
        return String::new();
    }
    let mut payload = escape(&who.key());
    if let Some(customer) = who.customer() {
        payload.push_str(&format!(" {CUSTOMER}{customer}"));
    }
    if let Some(expires) = expires {
        payload.push_str(&format!(" {EXPIRES}{}", expires.as_micros() / 1_000_000));
    }
    for scope in scopes {
        payload.push(' ');
        payload.push_str(scope);
    }
    let payload = BASE64.encode(payload);
    let mac = BASE64.encode(sign(key.as_bytes(), &payload).finalize().into_bytes());
    format!("{PREFIX}{payload}.{mac}")
}

/// Returns the `authorization` header of a caller with every scope; none when anonymous.
pub(crate) fn authorization(who: &Caller, key: &str) -> Option<HeaderValue> {
    authorization_with(who, every_scope(who), key)
}

/// Returns the `authorization` header of a caller with these scopes; none when anonymous.
pub(crate) fn authorization_with(who: &Caller, scopes: &[&str], key: &str) -> Option<HeaderValue> {
    if *who == Caller::Anonymous {
        return None;
    }
    let text = format!("Bearer {}", development_token_with(who, scopes, key));
    let mut value = HeaderValue::from_str(&text).expect("base64 is a valid header");
    value.set_sensitive(true);
    Some(value)
}

/// Verifies tokens and remembers those that were right.
pub(crate) struct Verifier {
    key: String,
    clock: Clock,
    // Keyed by the whole header value: one hash finds the identity of a token that was verified
    // before.
    known: quick_cache::sync::Cache<Vec<u8>, Arc<Identity>>,
}

impl Verifier {
    pub(crate) fn new(key: &str, clock: Clock) -> Self {
        let known = quick_cache::sync::Cache::new(REMEMBERED_TOKENS);
        Verifier { key: key.to_string(), clock, known }
    }

    /// Returns who sent these headers: anonymous without a token, UNAUTHENTICATED with one that is
    /// not right.
    ///
    /// `development_tokens` says whether they are accepted here, which the address of the server
    /// decides.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        development_tokens: bool,
    ) -> Result<Arc<Identity>, Status> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let Some(header) = given.next() else {
            return Ok(Identity::anonymous());
        };
        // A reader of the other one would see another caller.
        if given.next().is_some() {
            return Err(refusal::unauthenticated(
                "there is more than one authorization header, send one",
            ));
        }
        if !development_tokens {
            return Err(refusal::unauthenticated(
                "development tokens are accepted on loopback addresses only",
            ));
        }
        let identity = match self.known.get(header.as_bytes()) {
            Some(identity) => identity,
            None => {
                let identity =
                    self.verify(header.as_bytes()).map_err(|why| refusal::unauthenticated(&why))?;
                self.known.insert(header.as_bytes().to_vec(), identity.clone());
                identity
            }
        };
        if self.has_expired(&identity) {
            return Err(refusal::unauthenticated(EXPIRED));
        }
        Ok(identity)
    }

    fn has_expired(&self, identity: &Identity) -> bool {
        identity.expires.is_some_and(|expires| expires <= self.clock.now())
    }

    fn verify(&self, header: &[u8]) -> Result<Arc<Identity>, Cow<'static, str>> {
        const MALFORMED: &str = "the authorization header is not 'Bearer souk-dev.<payload>.<mac>'";
        if header.len() > MAX_TOKEN_BYTES {
            return Err("the token is too long, at most 2048 bytes are allowed".into());
        }
        let text = std::str::from_utf8(header).map_err(|_| MALFORMED)?;
        let (scheme, token) = text.split_once(' ').ok_or(MALFORMED)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(MALFORMED.into());
        }
        let (payload, mac) =
            token.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')).ok_or(MALFORMED)?;
        let mac = BASE64.decode(mac).map_err(|_| MALFORMED)?;
        sign(self.key.as_bytes(), payload)
            .verify_slice(&mac)
            .map_err(|_| "the token's signature is wrong")?;

        let payload = BASE64.decode(payload).map_err(|_| MALFORMED)?;
        let payload = String::from_utf8(payload).map_err(|_| MALFORMED)?;
        let mut words = payload.split(' ').peekable();
        let mut caller: Caller =
            unescape(words.next().unwrap_or_default()).parse().map_err(|_| MALFORMED)?;
        check_id(&caller)?;
        let customer = words.next_if(|word| word.starts_with(CUSTOMER));
        match (&mut caller, customer) {
            (Caller::User(User { customer, .. }), Some(word)) => {
                *customer = word[CUSTOMER.len()..]
                    .parse()
                    .map_err(|why| format!("the customer of the token {why}"))?;
            }
            (Caller::User(_), None) => return Err("the token of a user names no customer".into()),
            (_, Some(_)) => {
                return Err("the token names a customer, and its caller has none".into());
            }
            (_, None) => {}
        }
        let expires = match words.next_if(|word| word.starts_with(EXPIRES)) {
            None => None,
            Some(word) => {
                let seconds: i64 = word[EXPIRES.len()..].parse().map_err(|_| MALFORMED)?;
                let micros = seconds.checked_mul(1_000_000).ok_or(MALFORMED)?;
                Some(Timestamp::from_micros(micros))
            }
        };
        let mut identity = Identity::of(caller, words.map(str::to_string).collect());
        identity.expires = expires;
        Ok(Arc::new(identity))
    }
}

/// Verifies tokens that a request carries beside its own, such as a guest's that a user claims.
#[derive(Clone)]
pub struct Tokens {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) development_tokens: bool,
}

impl Tokens {
    /// Returns whose token it is.
    ///
    /// # Errors
    /// Why it is not good, without repeating it.
    pub fn verify(&self, token: &str) -> Result<Caller, String> {
        if !self.development_tokens {
            return Err("development tokens are accepted on loopback addresses only".to_owned());
        }
        let header = format!("Bearer {token}");
        let identity = self.verifier.verify(header.as_bytes()).map_err(Cow::into_owned)?;
        if self.verifier.has_expired(&identity) {
            return Err(EXPIRED.to_owned());
        }
        Ok(identity.caller.clone())
    }
}

fn sign(key: &[u8], payload: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(payload.as_bytes());
    mac
}

/// Keeps a space in an id from reading as the start of a scope.
fn escape(id: &str) -> String {
    id.replace('%', "%25").replace(' ', "%20")
}

fn unescape(id: &str) -> String {
    id.replace("%20", " ").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verifier(key: &str) -> Verifier {
        Verifier::new(key, Clock::system())
    }

    fn headers(token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        headers
    }

    #[test]
    fn every_kind_of_caller_is_recognised_again() {
        let verifier = verifier(DEVELOPMENT_KEY);
        let callers = [
            Caller::user("al ice 100%20"),
            Caller::Service("orders".into()),
            Caller::Staff("ann".into()),
        ];
        for caller in callers {
            for _from_the_second_time_on_it_is_remembered in 0..2 {
                let identity =
                    verifier.identify(&headers(&development_token(&caller)), true).unwrap();
                assert_eq!(identity.caller, caller);
            }
        }
        assert_eq!(verifier.identify(&HeaderMap::new(), true).unwrap().caller, Caller::Anonymous);
    }

    #[test]
    fn scopes_travel_with_the_token() {
        let token =
            development_token_with(&Caller::Staff("ann".into()), &["refunds", "imports"], "k");
        let identity = verifier("k").identify(&headers(&token), true).unwrap();
        assert_eq!(identity.scopes, ["refunds", "imports"]);
    }

    #[test]
    fn a_customer_is_what_the_token_says() {
        let guest = Caller::guest("x");
        let found = verifier("k")
            .identify(&headers(&development_token_with(&guest, &[], "k")), true)
            .unwrap();
        assert_eq!((&found.caller, found.caller.customer()), (&guest, guest.customer()));

        let signed = |payload: &str| {
            let payload = BASE64.encode(payload);
            let mac = BASE64.encode(sign(b"k", &payload).finalize().into_bytes());
            verifier("k").identify(&headers(&format!("{PREFIX}{payload}.{mac}")), true)
        };
        let customer = souk_contract::customer_of("user:bob");
        let moved = signed(&format!("user:alice {CUSTOMER}{customer}")).unwrap();
        assert_eq!(moved.caller.customer(), Some(customer));
        for (payload, says) in [
            ("user:alice".to_owned(), "names no customer"),
            (format!("staff:ann {CUSTOMER}{customer}"), "its caller has none"),
            (format!("user:alice {CUSTOMER}bob"), "starts with `customer_`"),
        ] {
            let status = signed(&payload).unwrap_err();
            assert!(status.message().contains(says), "{payload}: {}", status.message());
        }
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let clock = Clock::manual(Timestamp::from_micros(1_000_000_000));
        let tokens = Tokens {
            verifier: Arc::new(Verifier::new("k", clock.clone())),
            development_tokens: true,
        };
        let expires = Timestamp::from_micros(1_002_000_000);
        let guest = Caller::guest("x");
        let token = development_token_until(&guest, expires, "k");
        assert_eq!(tokens.verify(&token).unwrap(), guest);
        assert!(tokens.verifier.identify(&headers(&token), true).is_ok());
        clock.advance(std::time::Duration::from_secs(2));
        assert_eq!(tokens.verify(&token).unwrap_err(), EXPIRED);
        assert!(tokens.verifier.identify(&headers(&token), true).is_err());
    }

    /// The clients are tested with the same cases.
    #[test]
    fn a_token_is_the_same_in_every_language() {
        let lines = include_str!("../../../tests/clients/token_cases.csv").lines().skip(1);
        for line in lines {
            let columns: Vec<&str> = line.split(';').collect();
            let [who, expires, scopes, customer, wanted] = columns[..] else {
                panic!("{line} has not five columns");
            };
            let caller: Caller = who.parse().unwrap();
            let seconds: Option<i64> = expires.parse().ok();
            let expires = seconds.map(|seconds| Timestamp::from_micros(seconds * 1_000_000));
            let scopes: Vec<&str> = scopes.split_whitespace().collect();
            assert_eq!(token(&caller, expires, &scopes, DEVELOPMENT_KEY), wanted, "{line}");
            let own = caller.customer().map(|own| own.to_string()).unwrap_or_default();
            assert_eq!(own, customer, "{line}");
        }
    }

    #[test]
    fn a_forged_token_is_refused() {
        let right = development_token(&Caller::user("alice"));
        let other_key = development_token_with(&Caller::user("alice"), &[], "other");
        let staff = BASE64.encode("staff:alice");
        let mac = right.rsplit('.').next().unwrap();
        let swapped = format!("souk-dev.{staff}.{mac}");
        let verifier = verifier(DEVELOPMENT_KEY);
        for token in [
            &other_key,
            &swapped,
            &right[..right.len() - 4],
            "souk-dev.",
            "x.y.z",
            "",
            &"a".repeat(3000),
        ] {
            let status = verifier.identify(&headers(token), true).unwrap_err();
            assert_eq!(status.code(), tonic::Code::Unauthenticated, "{token}");
        }
    }

    #[test]
    fn an_id_that_is_none_is_refused_with_the_rule() {
        let verifier = verifier(DEVELOPMENT_KEY);
        for (id, says) in [
            ("a\0b".to_string(), "control character"),
            ("a\nb".to_string(), "control character"),
            ("a\u{7f}".to_string(), "control character"),
            ("a\u{85}b".to_string(), "control character"),
            ("a\u{9f}".to_string(), "control character"),
            (" a".to_string(), "with a space"),
            ("a\u{3000}".to_string(), "with a space"),
            ("e\u{301}".to_string(), "normal form C"),
            ("x".repeat(129), "too long"),
        ] {
            for caller in
                [Caller::user(&id), Caller::Staff(id.clone()), Caller::Service(id.clone())]
            {
                let status =
                    verifier.identify(&headers(&development_token(&caller)), true).unwrap_err();
                assert_eq!(status.code(), tonic::Code::Unauthenticated, "{id:?}");
                assert!(status.message().contains(says), "{id:?}: {}", status.message());
            }
        }
        for id in ["x", "a b", "\u{e9}", "o'neil@example.com", &"é".repeat(128)] {
            let caller = Caller::user(id);
            assert_eq!(
                verifier.identify(&headers(&development_token(&caller)), true).unwrap().caller,
                caller
            );
        }
    }

    #[test]
    fn two_authorization_headers_are_refused() {
        let mut both = headers(&development_token(&Caller::user("alice")));
        both.append(AUTHORIZATION, both[AUTHORIZATION].clone());
        let status = verifier(DEVELOPMENT_KEY).identify(&both, true).unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unauthenticated);
    }

    #[test]
    fn a_server_that_is_not_on_loopback_refuses_even_a_right_one() {
        let token = development_token(&Caller::user("alice"));
        let status = verifier(DEVELOPMENT_KEY).identify(&headers(&token), false).unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unauthenticated);
    }
}
