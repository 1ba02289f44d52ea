//! Generates the chassis' own small protos, those of the contract that it serves itself, and the
//! echo service that its tests and its benchmark call.

use std::fs;
use std::path::PathBuf;

use souk_codegen::Generator;

fn main() {
    Generator::new("proto").exempt("grpc.health.v1").tonic_servers().build();
    generate_into("ops", &Generator::new("../../proto").only("souk/ops"));
    generate_into("echo", &Generator::new("tests/proto").include("../../proto"));
    for watched in [
        "tests/proto",
        "../../proto/souk/ops",
        "../../proto/souk/policy",
        "../../proto/buf",
        "../../proto/google",
    ] {
        println!("cargo:rerun-if-changed={watched}");
    }
}

/// Generates into a folder of its own below OUT_DIR, where the chassis' own protos lie.
fn generate_into(folder: &str, generator: &Generator) {
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let out = PathBuf::from(out).join(folder);
    fs::create_dir_all(&out).expect("OUT_DIR can be written to");
    if let Err(error) = generator.generate(&out) {
        eprintln!("{error}");
        std::process::exit(1);
    }
    // Generated code looks for its files in OUT_DIR itself.
    let contract = out.join("contract.rs");
    let text = fs::read_to_string(&contract).expect("it was written just now");
    let here = format!("env!(\"OUT_DIR\"), \"/{folder}/");
    let text = text.replace("env!(\"OUT_DIR\"), \"/", &here);
    fs::write(&contract, text).expect("OUT_DIR can be written to");
}
