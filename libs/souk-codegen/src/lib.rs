//! Turns a folder of protos into Rust when a crate is built: messages, clients and servers (prost,
//! tonic), typed validators for the `buf.validate` rules, `Debug` that redacts, the frame of each
//! service, and the tables of method policies and of reasons. Runs in build scripts; needs no
//! protoc.

mod bounds;
mod descriptors;
mod events;
mod ids;
mod lint;
mod modules;
mod names;
mod options;
mod pattern;
mod policies;
mod private;
mod problems;
mod reasons;
mod redaction;
mod servers;
mod validators;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use prost::Message as _;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};

pub use problems::Error;
use problems::Problems;

/// Says which protos to generate and how.
#[derive(Debug, Clone)]
pub struct Generator {
    root: PathBuf,
    includes: Vec<PathBuf>,
    only: String,
    exempt: Vec<String>,
    has_features: bool,
    must_be_bounded: bool,
    is_linted: bool,
    has_tonic_servers: bool,
}

impl Generator {
    /// Generates every `.proto` below `root`, except packages of `google` and `buf`, which only
    /// supply options and types.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            includes: Vec::new(),
            only: String::new(),
            exempt: Vec::new(),
            has_features: false,
            must_be_bounded: true,
            is_linted: false,
            has_tonic_servers: false,
        }
    }

    /// Also looks for imported files below this folder, without generating them.
    pub fn include(mut self, folder: impl Into<PathBuf>) -> Self {
        self.includes.push(folder.into());
        self
    }

    /// Generates only what is in this folder below `root`, such as `souk/ops`.
    pub fn only(mut self, folder: &str) -> Self {
        self.only = format!("{folder}/");
        self
    }

    /// Does not ask the methods of this package for a policy, an idempotency level and an HTTP
    /// mapping: it is a standard that we implement (`grpc.health.v1`). Such methods are not in the
    /// policy table.
    pub fn exempt(mut self, package: impl Into<String>) -> Self {
        self.exempt.push(package.into());
        self
    }

    /// Allows fields in requests that no rule bounds. The largest message of such a method is
    /// `souk_contract::MAX_MESSAGE_BYTES`.
    pub fn allow_unbounded_requests(mut self) -> Self {
        self.must_be_bounded = false;
        self
    }

    /// Also holds the protos to the rules that make all packages of one contract read alike.
    pub fn linted(mut self) -> Self {
        self.is_linted = true;
        self
    }

    /// Also generates tonic's own servers, for standards that the chassis itself implements.
    pub fn tonic_servers(mut self) -> Self {
        self.has_tonic_servers = true;
        self
    }

    /// Puts clients behind the crate's feature `client` and servers behind `server`.
    pub fn behind_features(mut self) -> Self {
        self.has_features = true;
        self
    }

    /// Runs inside a build script: writes `contract.rs` to `OUT_DIR`, to be included by the crate,
    /// and asks cargo to run again when a proto changes. Ends the process with a list of what is
    /// wrong when something is.
    pub fn build(self) {
        for folder in std::iter::once(&self.root).chain(&self.includes) {
            println!("cargo:rerun-if-changed={}", folder.display());
        }
        let out = PathBuf::from(
            std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"),
        );
        if let Err(error) = self.generate(&out) {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }

    /// Writes the generated code to the folder `out`: `contract.rs`, one file a package, and
    /// `contract.binpb` with the descriptors.
    ///
    /// # Errors
    /// Everything that is wrong with the protos, each with file and element; or that a file cannot
    /// be read or written.
    pub fn generate(&self, out: &Path) -> Result<(), Error> {
        let descriptors = self.compile()?;
        let pool = DescriptorPool::decode(descriptors.as_slice())
            .map_err(|error| Error::one(error.to_string()))?;
        let names = self.files()?.into_iter().collect::<BTreeSet<_>>();
        let scope = Scope::new(&pool, &names);

        let mut problems = Problems::default();
        let policies = policies::table(&scope, &self.exempt, self.must_be_bounded, &mut problems);
        let validators = validators::of(&scope, &mut problems);
        let redaction = redaction::of(&scope);
        private::check(&scope, &mut problems);
        servers::check_set_by(&scope, &mut problems);
        if self.is_linted {
            lint::check(&scope, &mut problems);
        }
        let reasons = reasons::of(&scope, &mut problems);
        let ids = ids::of(&scope);
        let events = events::of(&scope, &mut problems);
        let servers = servers::of(&scope, self.has_features);
        problems.finish()?;

        self.generate_messages(&descriptors, &scope, &redaction, out)?;
        for package in scope.packages() {
            let mut text = String::new();
            for code in [&redaction.code, &validators, &ids, &reasons, &events, &servers] {
                text.push_str(code.get(&package).map_or("", String::as_str));
            }
            fs::write(out.join(format!("{package}.rules.rs")), text)?;
        }
        fs::write(out.join("contract.binpb"), descriptors::with_comments_only(&descriptors)?)?;

        let mut contract = modules::tree(&scope.packages());
        let _ = write!(
            contract,
            "/// The encoded `google.protobuf.FileDescriptorSet` of the contract with all imports, options and comments.\n\
             pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/contract.binpb\"));\n\n\
             /// What the contract says of every method.\n\
             pub static CONTRACT: ::souk_contract::Contract = ::souk_contract::Contract {{\n    methods: &[\n{policies}    ],\n    \
             descriptors: FILE_DESCRIPTOR_SET,\n}};\n"
        );
        fs::write(out.join("contract.rs"), contract)?;
        Ok(())
    }

    /// Returns an encoded descriptor set with everything in it, custom options and comments
    /// included.
    fn compile(&self) -> Result<Vec<u8>, Error> {
        let includes = std::iter::once(&self.root).chain(&self.includes);
        let mut compiler =
            protox::Compiler::new(includes).map_err(|error| Error::one(error.to_string()))?;
        compiler.include_imports(true).include_source_info(true);
        let mut problems = Problems::default();
        for file in self.files()? {
            if let Err(error) = compiler.open_file(&file) {
                problems.add(error.file().unwrap_or(&file), "", &format!("{error:?}"));
            }
        }
        problems.finish()?;
        Ok(compiler.encode_file_descriptor_set())
    }

    /// Returns the names of all protos to generate, relative to the root.
    fn files(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| with_path(&error, &folder))? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "proto") {
                    let name = path.strip_prefix(&self.root).expect("it was found below the root");
                    names.push(
                        name.components()
                            .map(|part| part.as_os_str().to_string_lossy())
                            .collect::<Vec<_>>()
                            .join("/"),
                    );
                }
            }
        }
        // The policies of reasons have a google.rpc.Code, operations a google.rpc.Status.
        names.retain(|name| name.starts_with(&self.only));
        names.retain(|name| {
            ["google/rpc/code.proto", "google/rpc/status.proto"].contains(&name.as_str())
                || !(name.starts_with("google/") || name.starts_with("buf/"))
        });
        names.sort();
        Ok(names)
    }

    fn generate_messages(
        &self,
        descriptors: &[u8],
        scope: &Scope,
        redaction: &redaction::Redaction,
        out: &Path,
    ) -> Result<(), Error> {
        let mut set = prost_types::FileDescriptorSet::decode(descriptors)
            .map_err(|error| Error::one(error.to_string()))?;
        // prost looks at google.protobuf, whose types it has, to see what ours can derive.
        set.file.retain(|file| {
            file.name().starts_with("google/protobuf/")
                || scope.files.iter().any(|ours| ours.name() == file.name())
        });
        let mut builder = tonic_prost_build::configure()
            .out_dir(out)
            .codec_path("::souk_contract::Codec")
            .build_server(self.has_tonic_servers)
            .emit_rerun_if_changed(false)
            // A map encodes the same way each time, so that the hash of a request and a recorded
            // answer do not change.
            .btree_map(".souk")
            // The payload of an event is shared and not copied, from the wire to the log and to
            // every subscription.
            .bytes(".souk.events.v1.Event.data")
            .skip_debug(
                redaction.messages.iter().map(|name| format!(".{name}")).collect::<Vec<_>>(),
            );
        if self.has_features {
            builder = builder.client_mod_attribute(".", "#[cfg(feature = \"client\")]");
        }
        // An event is published under the full name of its message.
        let mut config = tonic_prost_build::Config::new();
        config.enable_type_names();
        builder.compile_fds_with_config(set, config)?;
        for package in scope.packages() {
            let name = package.split('.').map(names::snake).collect::<Vec<_>>().join(".");
            raise_message_limit(&out.join(format!("{name}.rs")))?;
        }
        Ok(())
    }
}

/// Lets generated clients and servers read messages of up to `souk_contract::MAX_MESSAGE_BYTES`.
/// tonic's own limit of 4 MB is below a full batch of transfers, and can otherwise be changed on
/// every single client and server only.
fn raise_message_limit(file: &Path) -> Result<(), Error> {
    const LIMIT: &str = "::souk_contract::MAX_MESSAGE_BYTES";
    if !file.exists() {
        return Ok(());
    }
    let text = fs::read_to_string(file)?;
    let raised = text
        .replace(
            "max_decoding_message_size: None,",
            &format!("max_decoding_message_size: Some({LIMIT}),"),
        )
        .replace(
            "Grpc::new(inner);",
            &format!("Grpc::new(inner).max_decoding_message_size({LIMIT});"),
        )
        .replace(
            "Grpc::with_origin(inner, origin);",
            &format!("Grpc::with_origin(inner, origin).max_decoding_message_size({LIMIT});"),
        );
    // Two constructors a client, one a server.
    let places = text.matches("_client {\n").count() * 2 + text.matches("_server {\n").count();
    if raised.matches(LIMIT).count() != places {
        return Err(Error::one(format!(
            "{}: tonic generates other code than expected",
            file.display()
        )));
    }
    fs::write(file, raised)?;
    Ok(())
}

fn with_path(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The files that are generated, and the types they define.
struct Scope {
    pool: DescriptorPool,
    files: Vec<FileDescriptor>,
}

impl Scope {
    fn new(pool: &DescriptorPool, names: &BTreeSet<String>) -> Self {
        let files = pool.files().filter(|file| names.contains(file.name())).collect();
        Self { pool: pool.clone(), files }
    }

    fn packages(&self) -> BTreeSet<String> {
        self.files.iter().map(|file| file.package_name().to_owned()).collect()
    }

    /// Returns whether the type is one of ours, which checks itself.
    fn owns(&self, message: &MessageDescriptor) -> bool {
        self.files.iter().any(|file| file.name() == message.parent_file().name())
    }

    /// Returns every message of ours by package, nested ones included.
    fn messages(&self) -> BTreeMap<String, Vec<MessageDescriptor>> {
        let mut messages = BTreeMap::<String, Vec<_>>::new();
        for message in self.pool.all_messages() {
            if self.owns(&message) && !message.is_map_entry() {
                messages.entry(message.package_name().to_owned()).or_default().push(message);
            }
        }
        messages
    }
}
