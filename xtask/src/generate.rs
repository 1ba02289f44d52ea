//! `cargo xtask gen`: the clients' generated code, remade from proto/. What is committed must be
//! what this makes.

mod calls;
mod currencies;
mod go;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Doing, Failure, Outcome},
    shell,
    tools::Tools,
    workspace::Workspace,
};

/// The folders that hold nothing but generated code; calls::FILES and currencies::FILES are in
/// others.
const GENERATED: [&str; 9] = [
    "clients/typescript/src/gen",
    "clients/python/src/souk",
    "clients/python/src/buf",
    "clients/go/souk",
    "libs/chassis-go/example/gen",
    "libs/chassis-go/example_entries/entriesv1",
    "libs/chassis-go/internal/gen",
    "libs/chassis-node/src/gen",
    "libs/chassis-node/test/gen",
];

/// The plugin of TypeScript, and the folder that it is installed in: apart, since nothing that runs
/// needs it and it wants a newer Node.js.
const PLUGIN_FOLDER: &str = "clients/typescript/generator";
const PLUGIN: &str =
    "clients/typescript/generator/node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es";

/// Without the warning that the plugin asks for a newer Node.js than the project does: it runs on
/// ours.
pub const NPM_QUIET: &str = "--loglevel=error";

/// The protos of the tests of libs/chassis-node and libs/chassis-go, and what of them is generated;
/// the contract comes from the clients.
const OF_TESTS: [(&str, &str); 2] =
    [("tests/contract/echo", "souk/echo"), ("libs/souk-codegen/fixture/proto", "souk/fixture")];

/// The protos of the examples of libs/chassis-go.
const OF_EXAMPLES: [&str; 2] =
    ["libs/chassis-go/example/proto", "libs/chassis-go/example_entries/proto"];

/// Remakes the generated code of every client, and of each chassis that commits some.
pub fn run(workspace: &Workspace) -> Outcome {
    let made = make(workspace)?;
    for folder in GENERATED {
        let target = workspace.root.join(folder);
        if target.exists() {
            fs::remove_dir_all(&target).doing(format_args!("remove {folder}"))?;
        }
    }
    write_all(&workspace.root, &made)?;
    eprintln!("generated {} files", made.len());
    Ok(())
}

/// Writes what tests compare with the contract: the pages of docs/ that list what it has, and the
/// table of the limits of messages. It builds the Rust client for that.
pub fn pages(workspace: &Workspace) -> Outcome {
    let test = ["test", "--quiet", "--package", "souk-client", "--test", "reference"];
    shell::run(workspace.cargo().args(test).env("SOUK_WRITE_DOCS", "1"))
}

/// Fails when the committed code is not what the contract says.
pub fn check(workspace: &Workspace) -> Outcome {
    let made = make(workspace)?;
    let mut committed = BTreeMap::new();
    for folder in GENERATED {
        read_all(&workspace.root, &workspace.root.join(folder), &mut committed)?;
    }
    for name in calls::FILES.into_iter().chain(currencies::FILES) {
        if let Ok(text) = fs::read(workspace.root.join(name)) {
            committed.insert(name.to_owned(), text);
        }
    }
    let differing = made
        .iter()
        .filter(|(name, text)| committed.get(*name) != Some(*text))
        .map(|(name, _)| name);
    let gone = committed.keys().filter(|name| !made.contains_key(*name));
    let breaches: Vec<&String> = differing.chain(gone).collect();
    if breaches.is_empty() {
        return Ok(());
    }
    for name in &breaches {
        eprintln!("  {name}");
    }
    Err(Failure::new(format!(
        "{} files differ from the contract; run `cargo xtask gen`",
        breaches.len()
    )))
}

/// Returns every generated file by its name, made in a folder of its own.
fn make(workspace: &Workspace) -> Outcome<BTreeMap<String, Vec<u8>>> {
    let out = workspace.target.join("gen");
    let _alone = shell::alone(&workspace.target.join("gen.lock"))?;
    if out.exists() {
        fs::remove_dir_all(&out).doing("remove the last generated code")?;
    }
    let tools = Tools::ready(workspace)?;
    typescript(workspace, &tools, &out)?;
    let tests = tests_module(workspace)?;
    chassis_node(workspace, &tools, &tests, &out)?;
    python(workspace, &tools, &out)?;
    go::make(workspace, &tools.buf, &out)?;
    go::chassis(workspace, &tools.buf, &tests, &out)?;
    calls::make(workspace, &tools.buf, &out)?;
    currencies::make(workspace, &out)?;
    let mut made = BTreeMap::new();
    read_all(&out, &out, &mut made)?;
    made.retain(|name, _| !is_empty_stub(name));
    Ok(made)
}

/// Writes one generated file below `out`.
fn write(out: &Path, name: &str, text: &str) -> Outcome {
    let path = out.join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).doing(format_args!("create {}", folder.display()))?;
    }
    fs::write(&path, text).doing(format_args!("write {name}"))
}

/// Returns whether a file of stubs was made for a proto without a service.
fn is_empty_stub(name: &str) -> bool {
    name.split_once("_pb2_grpc.py").is_some_and(|(proto, _)| !proto.ends_with("_service"))
}

fn typescript(workspace: &Workspace, tools: &Tools, out: &Path) -> Outcome {
    if !workspace.root.join(PLUGIN).exists() {
        let folder = workspace.root.join(PLUGIN_FOLDER);
        shell::run(
            workspace
                .command("npm")
                .args(["ci", "--no-audit", "--no-fund", NPM_QUIET])
                .current_dir(folder),
        )
        .map_err(|failure| Failure::new(format!("{failure}; Node.js 20 with npm is needed")))?;
    }
    shell::run(workspace.command(&tools.buf).args(["generate", "--output"]).arg(out))?;
    reasons(&out.join("clients/typescript/src/gen"))
}

/// Writes the list of every package's reasons, in which a client looks up the reason of an error.
fn reasons(folder: &Path) -> Outcome {
    let mut files = BTreeMap::new();
    read_all(folder, &folder.join("souk"), &mut files)?;
    let modules: Vec<_> =
        files.keys().filter_map(|name| name.strip_suffix("/error_reason_pb.ts")).collect();
    let mut text = "// Made by `cargo xtask gen`: the reasons of every package.\nimport type { DescEnum } from \"@bufbuild/protobuf\";\n\n"
        .to_owned();
    for module in &modules {
        let name = module.replace('/', "_");
        text += &format!(
            "import {{ ErrorReasonSchema as {name} }} from \"./{module}/error_reason_pb.js\";\n"
        );
    }
    text += "\nexport const REASONS: readonly DescEnum[] = [\n";
    for module in &modules {
        text += &format!("  {},\n", module.replace('/', "_"));
    }
    text += "];\n";
    fs::write(folder.join("reasons.ts"), text).doing("write the list of reasons")
}

/// Puts the protos of the tests of the chassis beside the contract's, which they import, and
/// returns the folder of this module.
fn tests_module(workspace: &Workspace) -> Outcome<PathBuf> {
    let module = workspace.target.join("gen-tests");
    let mut files = BTreeMap::new();
    let of_tests = OF_TESTS.map(|(folder, _)| folder);
    for folder in std::iter::once("proto").chain(of_tests).chain(OF_EXAMPLES) {
        let folder = workspace.root.join(folder);
        read_all(&folder, &folder, &mut files)?;
    }
    if module.exists() {
        fs::remove_dir_all(&module).doing("remove the last module of the tests")?;
    }
    write_all(&module, &files)?;
    Ok(module)
}

fn chassis_node(workspace: &Workspace, tools: &Tools, module: &Path, out: &Path) -> Outcome {
    let own = workspace.root.join("libs/chassis-node/proto");
    es(workspace, tools, &own, &[], &out.join("libs/chassis-node/src/gen"))?;
    let made = out.join("libs/chassis-node/test/gen");
    es(workspace, tools, module, &OF_TESTS.map(|(_, package)| package), &made)?;
    let mut stubs = BTreeMap::new();
    read_all(&made, &made, &mut stubs)?;
    for text in stubs.values_mut() {
        *text = from_client(&String::from_utf8_lossy(text)).into_bytes();
    }
    write_all(&made, &stubs)
}

/// Makes TypeScript of a module, or of some packages of it.
fn es(
    workspace: &Workspace,
    tools: &Tools,
    module: &Path,
    packages: &[&str],
    out: &Path,
) -> Outcome {
    let plugin = format!("local: [node, {PLUGIN}]");
    let template = format!(
        "{{version: v2, plugins: [{{{plugin}, out: ., strategy: all, opt: [target=ts, import_extension=js]}}]}}"
    );
    let mut command = workspace.command(&tools.buf);
    command.arg("generate").arg(module).args(["--template", &template, "--output"]).arg(out);
    for package in packages {
        command.arg("--path").arg(module.join(package));
    }
    shell::run(&mut command)
}

/// Lets stubs import those of the contract from the client, which has them already.
fn from_client(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let imported = line.split_once(" from \"../").filter(|_| line.starts_with("import "));
        let Some((what, path)) = imported else { return line.to_owned() };
        let path = path.trim_start_matches("../");
        match path.strip_prefix("policy/") {
            Some(policy) => format!("{what} from \"@souk/client/gen/souk/policy/{policy}"),
            None => format!("{what} from \"@souk/client/gen/{path}"),
        }
    });
    lines.map(|line| line + "\n").collect()
}

fn python(workspace: &Workspace, tools: &Tools, out: &Path) -> Outcome {
    let out = out.join("clients/python/src");
    fs::create_dir_all(&out).doing("create the folder of Python's code")?;
    let plugin = tools.python.with_file_name("protoc-gen-mypy_grpc");
    let mut command = workspace.command(&tools.python);
    command.args(["-m", "grpc_tools.protoc", "--proto_path=proto"]);
    command.arg(format!("--plugin=protoc-gen-mypy_grpc={}", plugin.display()));
    for option in ["python_out", "pyi_out", "grpc_python_out", "mypy_grpc_out"] {
        command.arg(format!("--{option}={}", out.display()));
    }
    command.arg("--mypy_grpc_opt=quiet");
    // The official options of protovalidate come for another protobuf library; google.api has a
    // package of its own.
    command.arg("buf/validate/validate.proto");
    command.args(protos(&workspace.root.join("proto"))?);
    shell::run(&mut command)?;
    // Tools believe the types of a package only with this beside it.
    fs::write(out.join("souk/py.typed"), "").doing("write py.typed")
}

/// Returns our own protos, relative to the folder of all.
fn protos(folder: &Path) -> Outcome<Vec<String>> {
    let mut files = BTreeMap::new();
    read_all(folder, &folder.join("souk"), &mut files)?;
    Ok(files.into_keys().filter(|name| name.ends_with(".proto")).collect())
}

fn write_all(root: &Path, files: &BTreeMap<String, Vec<u8>>) -> Outcome {
    for (name, text) in files {
        let path = root.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).doing(format_args!("create {}", parent.display()))?;
        }
        fs::write(&path, text).doing(format_args!("write {name}"))?;
    }
    Ok(())
}

/// Reads every file below a folder; names are relative to `root`.
fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Outcome {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).doing(format_args!("read {}", folder.display()))?.flatten() {
        let path: PathBuf = entry.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "__pycache__") {
                read_all(root, &path, files)?;
            }
            continue;
        }
        let name =
            path.strip_prefix(root).doing("name a generated file")?.to_string_lossy().into_owned();
        files.insert(name, fs::read(&path).doing(format_args!("read {}", path.display()))?);
    }
    Ok(())
}
