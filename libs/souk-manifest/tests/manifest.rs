//! Manifests are read strictly, environments are prepared once for the same inputs, and processes
//! get all of their settings.

use std::fs;
use std::path::Path;

use souk_manifest::{CannotRun, FILE_NAME, Language, Launch, Manifest, Transport, find};

/// A manifest whose environment is a file that says what it was made from.
const MANIFEST: &str = r#"
name = "gift-cards"
language = "python"
services = ["souk.gift_cards.v1.GiftCardsService"]
summary = "cards with money on them"
upstreams = ["events"]
listen = "127.0.0.1:7510"
metrics_listen = "127.0.0.1:7511"
[prepare]
needs = "sh"
inputs = ["pins.txt", "src"]
steps = [["sh", "-c", "echo making; cat pins.txt >> made"]]
[run]
command = ["./program", "--quietly"]
[conformance]
unary = { method = "a.B/C", caller = "user:alice", request = "{}" }
"#;

fn service(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE_NAME), text).unwrap();
    fs::write(folder.path().join("pins.txt"), "one\n").unwrap();
    fs::write(folder.path().join("program"), "#!/bin/sh\nenv\n").unwrap();
    fs::create_dir_all(folder.path().join("src/__pycache__")).unwrap();
    fs::write(folder.path().join("src/main.py"), "pass\n").unwrap();
    folder
}

fn read(folder: &Path) -> Manifest {
    Manifest::read(folder).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> String {
    let error = Manifest::read(service(text).path()).unwrap_err().to_string();
    assert!(!error.contains('\n') && error.contains(FILE_NAME), "{error}");
    error
}

/// Prepares, and returns what was said meanwhile.
fn prepare(manifest: &Manifest) -> Vec<String> {
    let mut said = Vec::new();
    manifest
        .prepare(&[], &mut |line| said.push(line.to_owned()))
        .unwrap_or_else(|error| panic!("{error}"));
    said
}

#[test]
fn a_transport_is_one_that_answers_by_itself() {
    let with = |name: &str| {
        MANIFEST.replace("[conformance]", &format!("[conformance]\ntransport = \"{name}\""))
    };
    let manifest = read(service(&with("grpc-core")).path());
    assert_eq!(manifest.conformance.transport, Some(Transport::GrpcCore));
    assert_eq!("grpc-java".parse(), Ok(Transport::GrpcJava));
    let error = refused(&with("grpc-go"));
    assert!(error.contains("grpc-go") && error.contains("`grpc-core` or `grpc-java`"), "{error}");
}

#[test]
fn a_manifest_is_read_by_its_folder_and_by_its_file() {
    let folder = service(&MANIFEST.replace("\"python\"", "\"cobol\""));
    for path in [folder.path().to_owned(), folder.path().join(FILE_NAME)] {
        let manifest = read(&path);
        assert_eq!((manifest.name.as_str(), manifest.language), ("gift-cards", Language::Other));
        assert_eq!(manifest.folder, folder.path().canonicalize().unwrap());
        assert_eq!(manifest.conformance.unary.unwrap().method, "a.B/C");
    }
}

#[test]
fn what_is_wrong_is_one_line_with_its_place() {
    assert!(refused(&MANIFEST.replace("summary", "sumary")).contains("line 5"));
    assert!(
        refused(&MANIFEST.replace("upstreams", "neighbours"))
            .contains("neighbours is called upstreams now")
    );
    assert!(
        refused(&MANIFEST.replace("gift-cards", "Gift Cards")).contains("name = \"Gift Cards\"")
    );
    assert!(refused(&MANIFEST.replace("127.0.0.1:7510", "here")).contains("line 7"));
    assert!(
        refused(&MANIFEST.replace("[\"./program\", \"--quietly\"]", "[]")).contains("run.command")
    );
    let missing = Manifest::read(Path::new("/nowhere/souk.service.toml")).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/souk.service.toml"), "{missing}");
}

#[test]
fn every_manifest_of_a_folder_is_found_by_name_and_the_wrong_ones_are_told() {
    let services = tempfile::tempdir().unwrap();
    for (name, text) in [("b", MANIFEST), ("a", "name = 1"), ("c", MANIFEST)] {
        fs::create_dir_all(services.path().join(name)).unwrap();
        fs::write(services.path().join(name).join(FILE_NAME), text).unwrap();
    }
    fs::create_dir_all(services.path().join("without")).unwrap();
    let found = find(services.path()).unwrap();
    assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, true]);
}

#[test]
fn an_environment_is_made_once_and_again_when_an_input_changes() {
    let folder = service(MANIFEST);
    let manifest = read(folder.path());
    let made = || fs::read_to_string(folder.path().join("made")).unwrap();
    assert!(!manifest.is_prepared());
    assert_eq!(
        prepare(&manifest),
        ["preparing: sh -c echo making; cat pins.txt >> made", "making"]
    );
    assert!(manifest.is_prepared());
    assert_eq!(prepare(&manifest), Vec::<String>::new());

    // What running leaves behind is no input.
    fs::write(folder.path().join("src/__pycache__/main.pyc"), "compiled").unwrap();
    assert!(manifest.is_prepared());
    fs::write(folder.path().join("src/main.py"), "pass  # changed\n").unwrap();
    assert!(!manifest.is_prepared());
    prepare(&manifest);
    fs::write(folder.path().join("pins.txt"), "two\n").unwrap();
    prepare(&manifest);
    assert_eq!(made(), "one\none\ntwo\n");
    // A program that was taken away is made again.
    fs::remove_file(folder.path().join("program")).unwrap();
    assert!(!manifest.is_prepared());
}

#[test]
fn inputs_may_be_patterns() {
    let inputs = r#"["pins.txt", "src"]"#;
    let folder = service(&MANIFEST.replace(inputs, r#"["*.txt", "src/**/*.py"]"#));
    let manifest = read(folder.path());
    let is_stale_after = |name: &str, content: &str| {
        prepare(&manifest);
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), content).unwrap();
        !manifest.is_prepared()
    };
    assert!(is_stale_after("src/main.py", "changed\n"));
    assert!(is_stale_after("src/deep/er/new.py", "new\n"));
    assert!(is_stale_after("more.txt", "more\n"));
    assert!(!is_stale_after("src/notes.md", "no input\n"));
    assert!(!is_stale_after("src/__pycache__/main.py", "made\n"));

    let folder = service(&MANIFEST.replace(inputs, r#"["*.lock"]"#));
    let error = read(folder.path()).prepare(&[], &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("*.lock: nothing matches"), "{error}");
    let unsound = refused(&MANIFEST.replace(inputs, r#"["src/**.py"]"#));
    assert!(unsound.contains("prepare.inputs: \"src/**.py\""), "{unsound}");
}

#[test]
fn steps_that_know_themselves_what_has_changed_run_every_time() {
    let always = MANIFEST.replace("inputs = [\"pins.txt\", \"src\"]", "always = true");
    let folder = service(&always);
    let manifest = read(folder.path());
    assert!(!manifest.is_prepared());
    for _ in 0..2 {
        assert_eq!(prepare(&manifest).last().unwrap(), "making");
        assert!(manifest.is_prepared());
    }
    assert_eq!(fs::read_to_string(folder.path().join("made")).unwrap(), "one\none\n");
    let both = refused(&MANIFEST.replace("inputs =", "always = true\ninputs ="));
    assert!(both.contains("prepare.inputs: must be left out"), "{both}");
}

#[test]
fn two_at_once_make_it_once() {
    let folder = service(&MANIFEST.replace("cat pins.txt", "sleep 0.3; cat pins.txt"));
    let manifest = read(folder.path());
    let said = std::thread::scope(|scope| {
        let threads = [0, 1].map(|_| scope.spawn(|| prepare(&manifest)));
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(fs::read_to_string(folder.path().join("made")).unwrap(), "one\n");
    let waited = said.iter().flatten().filter(|line| line.contains("another process")).count();
    assert!(waited <= 1, "{said:?}");
}

#[test]
fn what_keeps_it_from_running_is_told() {
    let folder = service(&MANIFEST.replace("needs = \"sh\"", "needs = \"no-such-interpreter\""));
    let manifest = read(folder.path());
    let error = manifest.check_installed().unwrap_err();
    assert!(matches!(error, CannotRun::NotInstalled { .. }));
    assert_eq!(error.to_string(), "no-such-interpreter is not installed");
    assert!(!error.may_pass());

    let folder = service(&MANIFEST.replace("echo making;", "echo 'no network' >&2; exit 3;"));
    let manifest = read(folder.path());
    let error = manifest.prepare(&[], &mut |_| {}).unwrap_err();
    assert!(error.may_pass());
    let error = error.to_string();
    assert!(error.ends_with("failed (exit status: 3): no network"), "{error}");
    assert!(!manifest.is_prepared());

    let folder = service(&MANIFEST.replace("[[\"sh\",", "[[\"./absent\","));
    let error = read(folder.path()).prepare(&[], &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("./absent") && error.contains("No such file"), "{error}");
}

#[test]
fn a_process_is_told_by_its_environment_and_runs_in_its_folder() {
    let folder = service(MANIFEST);
    let manifest = read(folder.path());
    let launch = Launch::new()
        .set("server.listen", "127.0.0.1:0")
        .set("upstreams.events", "http://127.0.0.1:7300");
    assert_eq!(
        manifest.environment(&launch),
        [
            ("GIFT_CARDS__SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("GIFT_CARDS__UPSTREAMS__EVENTS".to_owned(), "http://127.0.0.1:7300".to_owned()),
        ]
    );
    let command = manifest.command(&launch);
    assert_eq!(command.get_program(), manifest.folder.join("./program"));
    assert_eq!(command.get_current_dir(), Some(manifest.folder.as_path()));

    let rust = MANIFEST.replace(
        "\"./program\", \"--quietly\"]",
        "\"souk\", \"serve\"]\nenvironment_prefix = \"SOUK\"",
    );
    let manifest = read(service(&rust).path());
    let command =
        manifest.command(&Launch::new().souk("/opt/souk").through(&["wrap".into(), "--".into()]));
    let words = command.get_args().map(|word| word.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(
        (command.get_program().to_str(), words),
        (Some("wrap"), vec!["--", "/opt/souk", "serve"])
    );
    assert_eq!(manifest.variable("data_dir"), "SOUK__DATA_DIR");
}
