//! Every service of the repository keeps docs/service-contract.md, whatever its language; and a service that breaks some of it is found
//! out, sentence by sentence, with nothing else said of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use souk_manifest::{FILE_NAME, Language, find};

/// What each spoil of tests/conformance/spoiler breaks.
const SPOILS: [(&str, &[&str]); 43] = [
    ("exit-code", &["C-CONFIG-3", "C-CONFIG-4", "C-CONFIG-5"]),
    // A process that starts where it must not has also written.
    ("unknown-keys", &["C-CONFIG-3", "C-CONFIG-6"]),
    ("log-key", &["C-CONFIG-7"]),
    ("ready-file", &["C-START-2"]),
    ("waits", &["C-START-3"]),
    ("address-exit", &["C-START-4"]),
    ("litter", &["C-START-5"]),
    ("health-check", &["C-HEALTH-1"]),
    ("health-unknown", &["C-HEALTH-2"]),
    ("health-list", &["C-HEALTH-3"]),
    ("healthz", &["C-HEALTH-5"]),
    ("reflection-alpha", &["C-REFLECT-1"]),
    // Whoever is nobody is taken for somebody, by the log too.
    ("anonymous", &["C-ACCESS-1", "C-ACCESS-7", "C-LOG-2"]),
    // The log knows another reason than the caller got; so with others below.
    ("access-reason", &["C-ACCESS-2", "C-LOG-2"]),
    ("wrong-tokens", &["C-ACCESS-4"]),
    ("loopback", &["C-ACCESS-6"]),
    ("field-names", &["C-VALID-1"]),
    ("too-large", &["C-VALID-5", "C-LOG-2"]),
    ("details", &["C-ERROR-1"]),
    ("unimplemented", &["C-ERROR-2", "C-LOG-2"]),
    ("internal", &["C-ERROR-3", "C-ERROR-4", "C-LOG-3"]),
    ("deadlines", &["C-DEADLINE-2", "C-DEADLINE-3"]),
    ("limits", &["C-LIMIT-2"]),
    ("calls-anonymous", &["C-CALL-1"]),
    ("calls-endless", &["C-CALL-2"]),
    ("calls-untraced", &["C-CALL-3"]),
    // A request that is in another trace is not found by its own.
    ("traces", &["C-TRACE-1", "C-TRACE-3", "C-LOG-2", "C-LOG-3"]),
    ("metrics-type", &["C-METRIC-1"]),
    ("metrics-code", &["C-METRIC-2"]),
    ("metrics-unknown", &["C-METRIC-3"]),
    ("metrics-gauge", &["C-METRIC-5"]),
    ("log-plain", &["C-LOG-1"]),
    ("log-twice", &["C-LOG-2"]),
    ("log-fields", &["C-LOG-3"]),
    ("log-level", &["C-LOG-4"]),
    // What is cut in two is no longer one line of its request.
    ("log-lines", &["C-LOG-6", "C-LOG-3"]),
    ("log-address", &["C-REDACT-1"]),
    ("log-token", &["C-REDACT-2"]),
    ("drain-reason", &["C-DRAIN-2"]),
    ("exit-after-drain", &["C-DRAIN-4"]),
    ("writes", &["C-WRITE-1", "C-WRITE-3"]),
    ("reused-ids", &["C-WRITE-2", "C-LOG-3"]),
    ("nothing", &[]),
];

/// Spoils that do not get in each other's way, so that a run of the suite sees many. Every night each stands alone.
const TOGETHER: [&[&str]; 5] = [
    &[
        "ready-file",
        "health-unknown",
        "healthz",
        "wrong-tokens",
        "field-names",
        "calls-anonymous",
        "metrics-type",
        "drain-reason",
    ],
    &[
        "exit-code",
        "health-list",
        "reflection-alpha",
        "details",
        "limits",
        "calls-endless",
        "metrics-code",
        "exit-after-drain",
        "log-level",
        "writes",
    ],
    &[
        "litter",
        "waits",
        "internal",
        "deadlines",
        "calls-untraced",
        "metrics-unknown",
        "log-plain",
        "log-key",
        "log-address",
    ],
    &[
        "unknown-keys",
        "address-exit",
        "health-check",
        "anonymous",
        "access-reason",
        "loopback",
        "too-large",
        "unimplemented",
        "traces",
    ],
    &["log-twice", "log-fields", "log-lines", "log-token", "metrics-gauge", "reused-ids"],
];

#[test]
fn every_service_keeps_the_contract() {
    let manifests = find(&root().join("services")).expect("the services").into_iter();
    let manifests = manifests.map(|manifest| manifest.unwrap_or_else(|error| panic!("{error}"))).collect::<Vec<_>>();
    let mut broken = Vec::new();
    for manifest in &manifests {
        let output = conform(&manifest.folder);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{}", text.lines().last().unwrap_or_default());
        if !output.status.success() {
            broken.push(format!("{text}{}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(manifests.iter().any(|manifest| manifest.language != Language::Rust), "all of them are in Rust");
}

#[test]
fn every_service_has_a_manifest() {
    let folders = std::fs::read_dir(root().join("services")).unwrap().map(|entry| entry.unwrap().path());
    // The one program is all of those in Rust.
    let services = folders.filter(|folder| folder.is_dir() && !folder.ends_with("souk"));
    let without = services.filter(|folder| !folder.join(FILE_NAME).is_file()).collect::<Vec<_>>();
    assert_eq!(without, Vec::<PathBuf>::new());
}

#[test]
fn a_service_that_breaks_nothing_is_found_to_break_nothing() {
    assert_eq!(broken(&["nothing"]), BTreeSet::new());
}

#[test]
fn a_service_is_found_to_break_what_it_breaks_and_nothing_else() {
    for spoils in TOGETHER {
        expect(spoils);
    }
}

#[test]
fn each_mistake_alone_breaks_its_own_sentences() {
    // Ten minutes, which the day does not have.
    if !souk_testkit::nightly() {
        return;
    }
    for (spoil, _) in &SPOILS {
        expect(&[spoil]);
    }
}

fn expect(spoils: &[&str]) {
    let of = |spoil: &str| SPOILS.iter().find(|(name, _)| *name == spoil).unwrap_or_else(|| panic!("{spoil}")).1;
    let wanted: BTreeSet<String> =
        spoils.iter().flat_map(|spoil| of(spoil)).map(|number| (*number).to_owned()).collect();
    assert_eq!(broken(spoils), wanted, "with {spoils:?}");
}

/// Returns the sentences that the suite finds broken.
fn broken(spoils: &[&str]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let manifest = std::fs::read_to_string(root().join("services/catalog/souk.service.toml")).unwrap();
    let command =
        format!("{:?}, \"--break\", {:?}, \"--\", {:?}", env!("CARGO_BIN_EXE_spoiler"), spoils.join(","), souk());
    let manifest = manifest.replace("\"souk\"", &command);
    std::fs::write(folder.path().join(FILE_NAME), manifest).unwrap();
    let output = conform(folder.path());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !text.contains("NOT ASKED") && !text.contains("stopped:"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let broken = text.lines().filter_map(|line| line.trim_start().strip_prefix("BROKEN"));
    let broken: BTreeSet<String> =
        broken.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    println!("{spoils:?}: {broken:?}");
    assert_eq!(output.status.success(), broken.is_empty(), "{text}");
    broken
}

fn conform(manifest: &Path) -> Output {
    let _turn = turn();
    let mut command = Command::new(env!("CARGO_BIN_EXE_conform"));
    command.arg(manifest).arg("--souk").arg(souk()).output().expect("the suite runs")
}

/// Lets one suite run at a time: each is made of processes that share the machine with all other tests, and of deadlines.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests stands in the project").to_owned()
}

/// Returns the program under test: SOUK_BIN, or the one beside ours.
fn souk() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_conform")).with_file_name("souk");
    std::env::var_os("SOUK_BIN").map_or_else(beside, PathBuf::from)
}
