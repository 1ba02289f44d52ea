//! Generates the client from the protos of this repository.

fn main() {
    souk_codegen::Generator::new("../../proto").behind_features().linted().build();
}
