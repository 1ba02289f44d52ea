//! `cargo xtask new-service NAME --language …`: a whole small service, from proto to tests, that is
//! at home at once. The templates are plain files in xtask/templates; its README.md lists the
//! placeholders.

mod edits;
mod names;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    failure::{Doing, Failure, Outcome},
    generate, shell,
    workspace::Workspace,
};
use names::Names;

#[derive(clap::Args)]
pub struct Options {
    /// The one noun that it owns, which will be its folder, package, upstream's name and prefix of
    /// settings: `gift-cards`.
    name: String,
    /// What it is written in.
    #[arg(long)]
    language: Language,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    Rust,
    Python,
    Node,
    Go,
}

impl Language {
    fn folder(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::Python => "python",
            Language::Node => "node",
            Language::Go => "go",
        }
    }
}

/// Writes the service, makes it known, and remakes the generated code.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let root = &workspace.root;
    let names = Names::new(root, &options.name)?;
    let templates = root.join("xtask/templates");
    let service = root.join("services").join(&names.name);

    // Everything is prepared in memory first: what cannot be done leaves nothing behind.
    let mut files = Vec::new();
    read(&templates.join("proto"), &root.join("proto"), &names, &mut files)?;
    read(&templates.join(options.language.folder()), &service, &names, &mut files)?;
    if options.language == Language::Go {
        // A service needs what the chassis needs: the versions and sums are the same.
        let sums = root.join("libs/chassis-go/go.sum");
        let text = fs::read_to_string(&sums).doing(format_args!("read {}", sums.display()))?;
        files.push((service.join("go.sum"), text));
    }
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists()) {
        let there = there.strip_prefix(root).unwrap_or(there).display();
        return Err(Failure::new(format!("the name {} is taken: {there} exists", names.name)));
    }
    for edit in edits::of(options.language, &names) {
        let path = root.join(edit.file);
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, text)) => *text = edit.apply(text)?,
            None => {
                let text = fs::read_to_string(&path).doing(format_args!("read {}", edit.file))?;
                files.push((path, edit.apply(&text)?));
            }
        }
    }
    for (path, text) in &files {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).doing(format_args!("create {}", folder.display()))?;
        }
        fs::write(path, text).doing(format_args!("write {}", path.display()))?;
        println!("  {}", path.strip_prefix(root).unwrap_or(path).display());
    }

    // The lock files name every package; neither asks a registry for anything new.
    shell::run(workspace.cargo().args(["update", "--workspace", "--offline", "--quiet"]))?;
    if options.language == Language::Rust {
        // Line breaks and the order of imports depend on the noun.
        shell::run(workspace.cargo().args(["fmt", "--package", &names.name]))?;
    }
    if options.language == Language::Node {
        let npm = ["install", "--package-lock-only", "--offline", "--no-audit", "--no-fund"];
        shell::run(workspace.command("npm").args(npm).arg(generate::NPM_QUIET))?;
    }
    generate::run(workspace)?;
    if options.language == Language::Go {
        // The order of imports depends on the noun.
        shell::run(workspace.command("gofmt").arg("-w").arg(&service))?;
        // Completes go.mod, which needs the generated code.
        shell::run(workspace.command("go").args(["mod", "tidy"]).current_dir(&service))?;
    }
    println!("{}", next(options.language, &names));
    Ok(())
}

fn next(language: Language, names: &Names) -> String {
    let Names { name, package, port, .. } = names;
    let test = match language {
        Language::Rust => format!("cargo test -p {name}"),
        Language::Python => "cargo xtask test python_services".to_owned(),
        Language::Node => "cargo xtask test node_services".to_owned(),
        Language::Go => "cargo xtask test go_services".to_owned(),
    };
    let served = match language {
        Language::Rust => "builds it in and serves it with the others".to_owned(),
        Language::Python | Language::Node | Language::Go => {
            format!("serves it at 127.0.0.1:{port}")
        }
    };
    format!(
        "\nservices/{name} and proto/souk/{package}/v1 are yours now. docs/add-a-service.md walks through the files.\n\n  \
         {test}\n  cargo xtask gen         # the pages of docs/ with its methods and events\n  cargo souk conform services/{name}\n  cargo souk up      # {served}\n"
    )
}

/// Reads a template with the words put in: into paths and into texts.
fn read(from: &Path, to: &Path, names: &Names, files: &mut Vec<(PathBuf, String)>) -> Outcome {
    let entries = fs::read_dir(from).doing(format_args!("read {}", from.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name =
            path.file_name().unwrap_or_default().to_string_lossy().replace("NAME", &names.package);
        if path.is_dir() {
            // What running a template in place would leave.
            if !matches!(name.as_str(), "node_modules" | "dist" | "__pycache__")
                && !name.starts_with('.')
            {
                read(&path, &to.join(name), names, files)?;
            }
            continue;
        }
        let text = fs::read_to_string(&path).doing(format_args!("read {}", path.display()))?;
        let text = names.put_into(&text);
        if let Some(at) = text.find("{{") {
            let word: String = text[at..].chars().take(24).collect();
            return Err(Failure::new(format!("{}: unknown placeholder {word}", path.display())));
        }
        files.push((to.join(name), text));
    }
    Ok(())
}
