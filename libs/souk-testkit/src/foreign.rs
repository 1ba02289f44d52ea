//! The services in other languages, whose environments are made before a test takes the time.

use std::path::{Path, PathBuf};

use souk_manifest::{Language, Manifest};

/// Returns the folder of all services.
pub(crate) fn services() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services")
}

/// Reads the manifest of a service and makes its environment, which takes some minutes the first
/// time.
///
/// # Panics
/// When its language is not installed, or its packages cannot be had.
pub async fn prepared(service: &str) -> Manifest {
    let manifest =
        Manifest::read(&services().join(service)).unwrap_or_else(|error| panic!("{error}"));
    prepare(&manifest).await;
    manifest
}

/// Makes the environment of each that stands beside the services in Rust.
pub(crate) async fn all_prepared() -> Vec<Manifest> {
    let found = souk_manifest::find(&services()).expect("the services can be listed");
    let found = found.into_iter().map(|one| one.unwrap_or_else(|error| panic!("{error}")));
    let foreign: Vec<_> = found.filter(|one| one.language != Language::Rust).collect();
    for manifest in &foreign {
        prepare(manifest).await;
    }
    foreign
}

async fn prepare(manifest: &Manifest) {
    let name = manifest.name.clone();
    let manifest = manifest.clone();
    let preparing = tokio::task::spawn_blocking(move || manifest.prepare(&[], &mut |_| ()));
    let prepared = preparing.await.expect("preparing does not panic");
    prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
}
