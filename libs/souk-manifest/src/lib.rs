//! The manifest of a service, in any language: how its environment is prepared, how it is started,
//! and what it promises.
//!
//! `services/<name>/souk.service.toml` is read by `souk up`, which runs the services of other
//! languages, by the conformance suite and by `cargo xtask`. docs/add-a-service.md explains every
//! key.

mod launch;
mod manifest;
mod prepare;
mod stamp;

pub use launch::{Launch, program_of};
pub use manifest::{
    Backup, Conformance, FILE_NAME, Heard, Language, Manifest, ManifestError, Prepare, Run,
    Transport, Unary, Write, find, is_scope,
};
pub use prepare::{CannotRun, program_on_path};
