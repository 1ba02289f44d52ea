//! The brokers that the tests of the bus start: Apache Kafka, which Maven fetches once, and
//! RabbitMQ, where the system has it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::{
    failure::{Doing, Failure, Outcome},
    shell,
    workspace::Workspace,
};

/// The variables by which tests find the brokers.
const KAFKA_VARIABLE: &str = "SOUK_KAFKA";
const RABBITMQ_VARIABLE: &str = "SOUK_RABBITMQ";

/// The oldest Java that a broker of Kafka 4 runs on.
const OLDEST_JAVA: u32 = 17;

/// Returns the variables with the programs of the brokers for tests. One that cannot be had is a
/// failure in continuous integration, and elsewhere a warning.
pub fn ready(workspace: &Workspace) -> Outcome<Vec<(&'static str, PathBuf)>> {
    let mut found = Vec::new();
    for (variable, name, look) in [
        (KAFKA_VARIABLE, "Apache Kafka", kafka as fn(&Workspace) -> Outcome<PathBuf>),
        (RABBITMQ_VARIABLE, "RabbitMQ", |_| rabbitmq()),
    ] {
        match env::var_os(variable).map_or_else(|| look(workspace), |set| Ok(set.into())) {
            Ok(folder) => {
                eprintln!("{name} from {}", folder.display());
                found.push((variable, folder));
            }
            Err(failure) if shell::in_ci() => return Err(failure),
            Err(failure) => {
                eprintln!(
                    "WARNING: {failure}\nWARNING: tests on {name} are SKIPPED; failures that only occur there go unnoticed."
                );
            }
        }
    }
    Ok(found)
}

/// Returns the folder of Kafka's jars, after fetching them when they are missing or
/// xtask/kafka/pom.xml has changed.
fn kafka(workspace: &Workspace) -> Outcome<PathBuf> {
    let java = java_version()?;
    if java < OLDEST_JAVA {
        return Err(Failure::new(format!(
            "Apache Kafka needs Java {OLDEST_JAVA} or later; here is {java}"
        )));
    }
    let list = workspace.root.join("xtask/kafka/pom.xml");
    let wanted = fs::read_to_string(&list).doing("read xtask/kafka/pom.xml")?;
    let folder = workspace.target.join("tools/kafka");
    let jars = folder.join("jars");
    let stamp = folder.join("installed.xml");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(jars);
    }
    eprintln!("fetching Apache Kafka with Maven");
    let start = Instant::now();
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).doing(format_args!("make {}", folder.display()))?;
    let mut fetch = workspace.command("mvn");
    fetch
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(&list)
        .arg("dependency:copy-dependencies");
    fetch.arg("-DincludeScope=runtime").arg(format!("-DoutputDirectory={}", jars.display()));
    shell::run(&mut fetch)?;
    fs::write(&stamp, wanted).doing("record the fetched jars")?;
    eprintln!("fetched in {:.1} s", start.elapsed().as_secs_f64());
    Ok(jars)
}

/// Reads the version of Java from `openjdk version "17.0.15"`, which it prints as an error.
fn java_version() -> Outcome<u32> {
    let output = Command::new("java").arg("-version").output();
    let output =
        output.map_err(|error| Failure::new(format!("Apache Kafka needs Java: {error}")))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    let version =
        printed.split('"').nth(1).and_then(|version| version.split('.').next()?.parse().ok());
    version.ok_or_else(|| Failure::new(format!("Java does not tell its version: {printed}")))
}

/// Returns the folder of RabbitMQ: where Debian has it, or `/opt`.
pub fn rabbitmq() -> Outcome<PathBuf> {
    let servers =
        ["/usr/lib/rabbitmq/lib", "/opt"].iter().flat_map(fs::read_dir).flatten().flatten();
    let mut servers: Vec<PathBuf> =
        servers.map(|entry| entry.path()).filter(|path| is_server(path)).collect();
    servers.sort();
    servers.pop().ok_or_else(|| {
        Failure::new("no RabbitMQ is installed (Debian: apt-get install rabbitmq-server)")
    })
}

fn is_server(path: &Path) -> bool {
    path.join("sbin/rabbitmq-server").is_file()
}
