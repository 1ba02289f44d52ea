//! The two engines: every promise about data is tested on both.

use std::{env, future::Future, io::Write as _, sync::Once};

use souk_data::Engine;

/// Writes each `async fn promise(engine: Engine) { … }` inside as two tests, `promise::sqlite` and
/// `promise::postgres`.
///
/// The PostgreSQL test needs `SOUK_TEST_POSTGRES_URL`, the address of a superuser;
/// `cargo xtask test` starts a cluster and sets it. Without it the test says that it is skipped,
/// and fails where `CI=true`.
#[macro_export]
macro_rules! on_each_engine {
    ($( $(#[$attribute:meta])* async fn $promise:ident($engine:ident: $type:ty) $body:block )+) => {$(
        mod $promise {
            #[allow(unused_imports)]
            use super::*;

            $(#[$attribute])*
            async fn promise($engine: $type) $body

            #[test]
            fn sqlite() {
                $crate::run(promise($crate::Engine::Sqlite));
            }

            #[test]
            fn postgres() {
                if $crate::is_available($crate::Engine::Postgres) {
                    $crate::run(promise($crate::Engine::Postgres));
                }
            }
        }
    )+};
}

/// Runs one test on a small runtime of its own.
pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can always be built")
        .block_on(test);
}

/// Returns the address of the PostgreSQL for tests, if there is one.
pub fn postgres_url() -> Option<String> {
    env::var("SOUK_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// Returns whether tests can run on an engine here, and reports it where they cannot.
///
/// # Panics
/// In continuous integration (`CI=true`) an engine must be there.
pub fn is_available(engine: Engine) -> bool {
    if engine == Engine::Sqlite || postgres_url().is_some() {
        return true;
    }
    let in_ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "SOUK_TEST_POSTGRES_URL is not set: in CI every test runs on PostgreSQL too");
    static SAY_ONCE: Once = Once::new();
    SAY_ONCE.call_once(|| {
        // Past the capture of the test harness, which shows nothing of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED on PostgreSQL, and counted as ok: set SOUK_TEST_POSTGRES_URL to what `cargo xtask postgres` prints"
        );
    });
    false
}

/// Returns whether the long forms of tests are asked for (`cargo xtask test --nightly`).
pub fn nightly() -> bool {
    env::var("SOUK_NIGHTLY").is_ok_and(|value| value == "1")
}
