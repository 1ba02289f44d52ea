//! `souk up --ephemeral --json`: a shop for the tests of another team, which leaves nothing behind
//! and tells a program where it is and who may call it.

use serde_json::{Map, Value, json};
use souk_chassis::{Caller, Options, Running, StartError, identity};
use souk_client::roles::ROLES;
use souk_contract::EVERY_SCOPE;
use tempfile::TempDir;

/// The settings that make the ports free ones.
const LISTENERS: [&str; 2] = ["server.listen", "server.metrics_listen"];

/// Makes a folder for the data of a shop, for this user only; it goes with the result.
///
/// # Errors
/// When the system's folder for temporary files cannot be written to.
pub fn folder() -> Result<TempDir, StartError> {
    Ok(tempfile::Builder::new().prefix("souk-ephemeral-").tempdir()?)
}

/// Sets the folder, and ports that are free.
pub fn options(options: Options, folder: &TempDir) -> Options {
    let options = options.set("data_dir", folder.path().display());
    LISTENERS.into_iter().fold(options, |options, key| options.set(key, "127.0.0.1:0"))
}

/// Returns what runs where, and tokens to call it with, as one line of JSON. `beside` are the
/// services in other languages, by name.
pub fn line(running: &Running, beside: &[(String, Value)]) -> Value {
    let key = running.common_settings().iter().find(|(key, _)| *key == "identity.development_key");
    let key = key.map_or(identity::DEVELOPMENT_KEY, |(_, key)| key.as_str());
    let token = |caller: &Caller, scopes: &[&str]| {
        Value::from(identity::development_token_with(caller, scopes, key))
    };
    // Other machines reach it, so it refuses development tokens.
    let has_tokens = running.addr().ip().is_loopback();
    let staff = ROLES.iter().map(|role| {
        let name = format!("staff:{}", role.name);
        let token = token(&Caller::Staff(role.name.to_owned()), role.scopes);
        (name, token)
    });
    let others = ["user:alice", "user:bob", "guest:carol", "service:test"].map(|who| {
        let caller: Caller = who.parse().expect("it is a caller");
        // A service that is tested has every scope; users and guests need none.
        let scopes: &[&str] = if who.starts_with("service") { &[EVERY_SCOPE] } else { &[] };
        (who.to_owned(), token(&caller, scopes))
    });
    let tokens: Map<String, Value> =
        others.into_iter().chain(staff).filter(|_| has_tokens).collect();
    json!({
        "address": running.addr().to_string(),
        "metrics": format!("http://{}/metrics", running.metrics_addr()),
        "data": running.data_dir().display().to_string(),
        "services": running.services(),
        "beside": beside.iter().cloned().collect::<Map<String, Value>>(),
        "tokens": tokens,
    })
}
