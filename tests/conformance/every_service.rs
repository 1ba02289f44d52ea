//! Every service of the repository keeps docs/service-contract.md, whatever its language; and a
//! service that breaks some of it is found out, sentence by sentence, with nothing else said of it.

mod spoils;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use souk_conform::{Options, Outcome, Results, Selection};
use souk_manifest::{FILE_NAME, Language, Manifest, find};

use crate::spoils::{
    CATALOG, EVENTS, IN_GO, NOTES, ORDERS, RECOMMENDATIONS, SPOILS, Spoil, TOGETHER,
};

/// A service in Go with little of its own.
const GO_EXAMPLE: &str = "libs/chassis-go/example";

#[test]
fn every_service_keeps_the_contract() {
    let services = find(&root().join("services")).expect("the services").into_iter();
    let manifests = services
        .chain([Manifest::read(&root().join(GO_EXAMPLE))])
        .map(|manifest| manifest.unwrap_or_else(|error| panic!("{error}")))
        .collect::<Vec<_>>();
    let mut broken = Vec::new();
    for manifest in &manifests {
        let results = conform(&manifest.folder);
        let text = results.text(false);
        println!("{}", text.lines().last().unwrap_or_default());
        if !results.is_kept() {
            broken.push(text);
        }
        // The rules and types of the shop's own contract are all known.
        let untried: Vec<_> = results.verdicts.iter().flat_map(|one| &one.untried).collect();
        assert!(untried.is_empty(), "{}: {untried:?}", manifest.name);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(
        manifests.iter().any(|manifest| manifest.language != Language::Rust),
        "all of them are in Rust"
    );
}

#[test]
fn every_service_has_a_manifest() {
    let folders =
        std::fs::read_dir(root().join("services")).unwrap().map(|entry| entry.unwrap().path());
    // The one program is all of those in Rust.
    let services = folders.filter(|folder| folder.is_dir() && !folder.ends_with("souk"));
    let without = services.filter(|folder| !folder.join(FILE_NAME).is_file()).collect::<Vec<_>>();
    assert_eq!(without, Vec::<PathBuf>::new());
}

#[test]
fn a_service_that_breaks_nothing_is_found_to_break_nothing() {
    assert_eq!(broken("catalog", &["nothing"]), BTreeSet::new());
}

#[test]
fn a_service_is_found_to_break_what_it_breaks_and_nothing_else() {
    // Side by side, because some of them mostly wait, such as for what is never acknowledged.
    let services = [CATALOG, EVENTS, ORDERS, RECOMMENDATIONS];
    assert!(TOGETHER.iter().all(|spoils| services.contains(&service_of(spoils))));
    thread::scope(|scope| {
        for service in services {
            let of_it = TOGETHER.iter().filter(move |spoils| service_of(spoils) == service);
            scope.spawn(move || of_it.for_each(|spoils| expect(service, spoils)));
        }
        scope.spawn(|| expect(NOTES, IN_GO));
    });
}

#[test]
fn each_mistake_alone_breaks_its_own_sentences() {
    // The day does not have the time.
    if !souk_testkit::nightly() {
        return;
    }
    for Spoil(name, service, _) in SPOILS {
        expect(service, &[name]);
    }
    for name in IN_GO {
        expect(NOTES, &[name]);
    }
}

#[test]
fn every_sentence_that_can_be_seen_is_broken_by_a_mistake() {
    let visible: BTreeSet<String> = souk_conform::sentences()
        .into_iter()
        .filter(|sentence| sentence.is_visible)
        .map(|sentence| sentence.number.to_owned())
        .collect();
    let broken: BTreeSet<String> = SPOILS
        .iter()
        .flat_map(|Spoil(_, _, numbers)| *numbers)
        .map(|number| (*number).to_owned())
        .collect();
    assert_eq!(visible, broken);
}

#[test]
fn every_mistake_is_made_by_day() {
    let by_day: BTreeSet<&str> =
        TOGETHER.iter().copied().flatten().copied().chain(["nothing"]).collect();
    assert_eq!(by_day, SPOILS.iter().map(|Spoil(name, ..)| *name).collect::<BTreeSet<_>>());
}

fn expect(service: &str, spoils: &[&str]) {
    let wanted: BTreeSet<String> =
        spoils.iter().flat_map(|spoil| named(spoil).2).map(|number| (*number).to_owned()).collect();
    assert_eq!(broken(service, spoils), wanted, "{service} with {spoils:?}");
}

/// Returns the service that makes these mistakes.
fn service_of(spoils: &[&str]) -> &'static str {
    let services: BTreeSet<&str> = spoils.iter().map(|spoil| named(spoil).1).collect();
    let [service] = services.into_iter().collect::<Vec<_>>()[..] else {
        panic!("one service makes {spoils:?}")
    };
    service
}

fn named(spoil: &str) -> &'static Spoil {
    SPOILS.iter().find(|Spoil(name, ..)| *name == spoil).unwrap_or_else(|| panic!("{spoil}"))
}

/// Returns the sentences that the suite finds broken in a service that makes these mistakes.
fn broken(service: &str, spoils: &[&str]) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let own = match service {
        NOTES => root().join(GO_EXAMPLE),
        other => root().join("services").join(other),
    };
    let manifest = Manifest::read(&own).unwrap_or_else(|error| panic!("{error}"));
    manifest
        .prepare(&[], &mut |line| println!("{line}"))
        .unwrap_or_else(|error| panic!("{service}: {error}"));
    let text = std::fs::read_to_string(own.join(FILE_NAME)).unwrap();
    // The environment was made above; the spoiler is elsewhere, and in front of the program of the
    // manifest.
    let text =
        match text.split_once("[prepare]").map(|(before, rest)| (before, rest.split_once("[run]")))
        {
            Some((before, Some((_, run)))) => format!("{before}[run]{run}"),
            _ => text,
        };
    let named = text.lines().find(|line| line.starts_with("command = ")).expect("a command");
    let text = text.replace(named, &format!("command = {:?}", spoiled(&manifest, spoils)));
    std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
    static FIXED_PORTS: Mutex<()> = Mutex::new(());
    let _ports = spoils
        .contains(&"fixed-ports")
        .then(|| FIXED_PORTS.lock().unwrap_or_else(PoisonError::into_inner));
    let results = conform(folder.path());
    let text = results.text(false);
    assert!(results.stopped.is_none() && results.missed().is_empty(), "{text}");
    for verdict in results.verdicts.iter().filter(|one| one.outcome == Outcome::Broken) {
        let has_all = verdict.failures.iter().all(|failure| {
            [&failure.sent, &failure.came, &failure.expected].iter().all(|part| !part.is_empty())
        });
        assert!(has_all && !verdict.failures.is_empty(), "{text}");
    }
    let broken: BTreeSet<String> = results.broken().into_iter().map(str::to_owned).collect();
    println!("{spoils:?}: {broken:?}");
    assert_eq!(results.is_kept(), broken.is_empty(), "{text}");
    broken
}

/// Returns the command of a service with the spoiler before it.
fn spoiled(manifest: &Manifest, spoils: &[&str]) -> Vec<String> {
    let (program, arguments) = manifest.run.command.split_first().expect("it names a program");
    let souk = souk().display().to_string();
    let program = match program.as_str() {
        "souk" => souk.clone(),
        own if own.contains('/') => manifest.folder.join(own).display().to_string(),
        other => other.to_owned(),
    };
    let spoils = spoils.join(",");
    let prefix = manifest.environment_prefix();
    let spoiler = [
        env!("CARGO_BIN_EXE_spoiler"),
        "--break",
        &spoils,
        "--prefix",
        &prefix,
        "--souk",
        &souk,
        "--",
        &program,
    ];
    spoiler.map(str::to_owned).into_iter().chain(arguments.iter().cloned()).collect()
}

fn conform(manifest: &Path) -> Results {
    let _turn = turn();
    let options =
        Options { souk: Some(souk()), selection: Selection::default(), progress: Box::new(|_| {}) };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let asked = runtime.block_on(souk_conform::ask_manifest(manifest, options));
    asked.unwrap_or_else(|why| panic!("{why}"))
}

/// How many suites may still start. Each waits for half of its time, so two run at once; no more,
/// because each is made of processes that share the machine with all other tests, and of deadlines.
static FREE: Mutex<u32> = Mutex::new(2);
static FREED: Condvar = Condvar::new();

/// The right to run a suite, until it is dropped.
struct Turn;

fn turn() -> Turn {
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut free =
        FREED.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
    *free -= 1;
    Turn
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREED.notify_one();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests stands in the project").to_owned()
}

/// Returns the program under test: SOUK_BIN, or the one beside ours.
fn souk() -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_spoiler")).with_file_name("souk");
    std::env::var_os("SOUK_BIN").map_or_else(beside, PathBuf::from)
}
