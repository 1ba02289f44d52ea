//! Generates the chassis' own small protos, and the echo service that its tests and its benchmark
//! call.

use std::path::PathBuf;

fn main() {
    souk_codegen::Generator::new("proto")
        .exempt("grpc.health.v1")
        .exempt("souk.chassis.v1")
        .tonic_servers()
        .build();

    let out =
        PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let folder = out.join("echo");
    std::fs::create_dir_all(&folder).expect("OUT_DIR can be written to");
    for watched in
        ["tests/proto", "../../proto/souk/policy", "../../proto/buf", "../../proto/google"]
    {
        println!("cargo:rerun-if-changed={watched}");
    }
    if let Err(error) =
        souk_codegen::Generator::new("tests/proto").include("../../proto").generate(&folder)
    {
        eprintln!("{error}");
        std::process::exit(1);
    }
    // Generated code looks for its files in OUT_DIR itself, and there lie the chassis' own.
    let contract = folder.join("contract.rs");
    let text = std::fs::read_to_string(&contract).expect("it was written just now");
    let text = text.replace("env!(\"OUT_DIR\"), \"/", "env!(\"OUT_DIR\"), \"/echo/");
    std::fs::write(&contract, text).expect("OUT_DIR can be written to");
}
