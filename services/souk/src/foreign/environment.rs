//! The settings of a service in another language: where it listens, where its upstreams are, and
//! what the whole shop shares.

use std::fs::DirBuilder;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;

use souk_chassis::{Running, StartError};
use souk_manifest::{Launch, Manifest};

use crate::leash;

/// Returns how a service is started. Its own environment variables take precedence.
pub fn launch(
    manifest: &Manifest,
    granted: &[String],
    running: &Running,
    hosts: &[(String, SocketAddr)],
) -> Result<Launch, StartError> {
    let data = std::path::absolute(running.data_dir().join(&manifest.name))?;
    DirBuilder::new().recursive(true).mode(0o700).create(&data)?;
    let mut settings = vec![
        ("data_dir".to_owned(), data.display().to_string()),
        ("server.listen".to_owned(), manifest.listen.to_string()),
        ("server.metrics_listen".to_owned(), manifest.metrics_listen.to_string()),
        ("identity.scopes".to_owned(), granted.join(" ")),
    ];
    settings.extend(
        running.common_settings().iter().map(|(key, value)| ((*key).to_owned(), value.clone())),
    );
    for upstream in &manifest.upstreams {
        // A service that does not run has no address, as everywhere else.
        if let Some((_, address)) = hosts.iter().find(|(name, _)| name == upstream) {
            settings
                .push((format!("upstreams.{upstream}"), format!("http://{}", reachable(*address))));
        }
    }
    // Its addresses already come from there, with "any free port" replaced by a known one.
    let is_address = |key: &str| matches!(key, "server.listen" | "server.metrics_listen");
    let is_free = |(key, _): &(String, String)| {
        is_address(key) || std::env::var_os(manifest.variable(key)).is_none()
    };
    let launch = Launch::new()
        .through(&leash::wrapper())
        .set("server.ready_file", ready_file(manifest, running).display());
    Ok(settings
        .into_iter()
        .filter(is_free)
        .fold(launch, |launch, (key, value)| launch.set(&key, value)))
}

/// Returns its ready file.
pub fn ready_file(manifest: &Manifest, running: &Running) -> std::path::PathBuf {
    let folder = running.data_dir().join(&manifest.name);
    std::path::absolute(&folder).unwrap_or(folder).join("ready")
}

/// Returns an address to connect to: the unspecified address is not one.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip().is_unspecified() {
        true => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()),
        false => address,
    }
}
