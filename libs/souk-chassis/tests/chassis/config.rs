//! Settings: where they come from, and what is refused before anything starts.

use souk_chassis::{Options, Shop, StartError};

use crate::echo;

fn check(options: Options) -> Result<(), StartError> {
    Shop::new(options).with(echo::definition()).check()
}

fn souk(environment: &[(&str, &str)]) -> Options {
    Options::new("souk").environment(environment)
}

/// Asserts that the settings are refused with exit code 64 and a line that has these parts.
#[track_caller]
fn refused(options: Options, parts: &[&str]) {
    let error = check(options).unwrap_err();
    let line = error.to_string();
    assert_eq!(error.exit_code(), 64, "{line}");
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in parts {
        assert!(line.contains(part), "{line:?} does not say {part:?}");
    }
}

#[test]
fn the_defaults_are_valid() {
    check(souk(&[])).unwrap();
    check(Options::new("echo").environment(&[])).unwrap();
}

#[test]
fn a_misspelt_variable_is_refused() {
    refused(
        souk(&[("SOUK__SERVER__LISTN", "127.0.0.1:1")]),
        &["server.listn", "SOUK__SERVER__LISTN", "listen, ", "no such setting"],
    );
    refused(souk(&[("ECHO__DATA__ULR", "x")]), &["echo.data.ulr", "ECHO__DATA__ULR", "url"]);
    refused(souk(&[("ECHO__DATA__URL__MORE", "x")]), &["echo.data.url.more"]);
    refused(souk(&[("SOUK__NOTHING", "x")]), &["nothing", "server"]);
}

#[test]
fn a_value_of_the_wrong_type_is_refused() {
    refused(
        souk(&[("ECHO__SIZE", "many")]),
        &["echo.size", "many", "ECHO__SIZE", "must be a whole number"],
    );
    refused(souk(&[("SOUK__FAULTS__ENABLED", "yes")]), &["faults.enabled", "yes", "true or false"]);
    refused(
        souk(&[("SOUK__SERVER__LISTEN", "here")]),
        &["server.listen", "here", "SOUK__SERVER__LISTEN"],
    );
    refused(souk(&[("SOUK__LOG__FORMAT", "xml")]), &["log.format", "xml", "text", "json"]);
    refused(souk(&[("SOUK__SERVER__DRAIN_SECONDS", "-1")]), &["server.drain_seconds", "-1"]);
}

#[test]
fn a_number_that_the_service_cannot_hold_is_refused() {
    refused(souk(&[("ECHO__SIZE", "300")]), &["size", "300", "ECHO__SIZE"]);
}

#[test]
fn caps_and_proxies_are_checked_at_the_start() {
    refused(
        souk(&[("SOUK__SERVER__SEND_SECONDS", "0")]),
        &["server.send_seconds", "0", "must be 1 at least"],
    );
    refused(
        souk(&[("SOUK__SERVER__MAX_REQUESTS_PER_PEER", "0")]),
        &["server.max_requests_per_peer", "must be 1"],
    );
    refused(
        souk(&[("SOUK__SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/99\"]")]),
        &["server.trusted_proxies", "SOUK__SERVER__TRUSTED_PROXIES", "10.0.0.0/8"],
    );
    check(souk(&[("SOUK__SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]")])).unwrap();
}

#[test]
fn variables_of_others_are_none_of_our_business() {
    check(souk(&[
        ("INVENTORY__DATA__URL", "x"),
        ("PATH", "/bin"),
        ("ECHO", "1"),
        ("ECHO_DATA", "2"),
    ]))
    .unwrap();
}

#[test]
fn alone_a_service_has_its_settings_beside_the_chassis_own() {
    let alone = |environment: &[(&str, &str)]| Options::new("echo").environment(environment);
    check(alone(&[
        ("ECHO__SIZE", "5"),
        ("ECHO__SERVER__DRAIN_SECONDS", "1"),
        ("ECHO__DATA__URL", "12345"),
    ]))
    .unwrap();
    refused(alone(&[("ECHO__SERVR__LISTEN", "x")]), &["servr", "server", "size"]);
}

#[test]
fn an_upstream_may_have_any_name_and_must_have_an_address() {
    check(souk(&[("SOUK__UPSTREAMS__INVENTORY", "http://127.0.0.1:7302")])).unwrap();
    check(souk(&[]).set("upstreams.inventory", "127.0.0.1:1,127.0.0.1:2")).unwrap();
}

#[tokio::test]
async fn an_upstream_without_a_proper_address_is_refused() {
    for address in ["", "https://127.0.0.1:1", "http://", "not an address"] {
        let options = crate::stage::options("bad").set("upstreams.inventory", address);
        let error =
            Shop::new(options).with(echo::definition()).start().await.err().expect("it is refused");
        assert_eq!(error.exit_code(), 64, "{error}");
        assert!(error.to_string().contains("upstreams.inventory"), "{error}");
    }
}

#[test]
fn a_file_is_read_over_the_defaults_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("souk.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();

    write(
        "[server]\ndrain_seconds = 3\n[echo]\nsize = 7\n[echo.data]\nurl = \"sqlite:x\"\n[upstreams]\na = \"127.0.0.1:1\"",
    );
    check(souk(&[]).file(&path)).unwrap();
    write("[server]\nport = 3\n");
    refused(souk(&[]).file(&path), &["server.port", "souk.toml", "listen"]);
    write("[echo]\nsize = \"big\"\n");
    refused(souk(&[]).file(&path), &["echo.size", "big", "souk.toml", "must be a whole number"]);
    write("[server\n");
    refused(souk(&[]).file(&path), &["souk.toml"]);
    refused(souk(&[]).file(folder.path().join("missing.toml")), &["missing.toml"]);
}

#[test]
fn a_secret_in_a_wrong_value_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("souk.toml");
    std::fs::write(&path, "[identity]\ndevelopment_key = 4711\n").unwrap();
    let line = check(souk(&[]).file(&path)).unwrap_err().to_string();
    assert!(line.contains("development_key") && !line.contains("4711"), "{line}");
}

#[tokio::test]
async fn a_service_may_have_defaults_of_its_own_for_when_it_runs_alone() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        #[allow(dead_code)]
        size: u8,
    }
    let with = |defaults: &'static str| {
        souk_chassis::Definition::new("own", defaults, |_: Own, _| async {
            Err(StartError::new("it is built"))
        })
    };
    let free = |program: &str| crate::stage::free(Options::new(program).environment(&[]));
    const DEFAULTS: &str = "size = 1\n[server]\nmax_message_bytes = 0\n";
    let seen = |shop: Shop| async { shop.start().await.err().unwrap().to_string() };
    let alone = seen(Shop::new(free("own")).with(with(DEFAULTS))).await;
    assert!(alone.starts_with("server.max_message_bytes"), "{alone}");
    assert_eq!(seen(Shop::new(free("souk")).with(with(DEFAULTS))).await, "own: it is built");
    let wrong = Shop::new(free("own")).with(with("size = 1\n[server]\nport = 1\n"));
    assert!(wrong.check().unwrap_err().to_string().contains("server.port"));
}
