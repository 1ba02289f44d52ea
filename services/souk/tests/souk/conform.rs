//! `souk conform`: a service from its manifest, a process at an address, what is broken, and the
//! results for programs.

use std::path::{Path, PathBuf};

use serde_json::Value;
use souk_manifest::FILE_NAME;
use souk_testkit::ChildShop;

use crate::support::{LIMIT, address, folder, products, run, souk};

/// The folder of a service of this repository.
fn service(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("services").join(name)
}

/// Writes the manifest of the catalog into a folder, with a part of it changed.
fn changed_catalog(folder: &Path, part: &str, other: &str) {
    let text = std::fs::read_to_string(service("catalog").join(FILE_NAME)).unwrap();
    assert!(text.contains(part), "{text}");
    std::fs::write(folder.join(FILE_NAME), text.replace(part, other)).unwrap();
}

/// Returns the outcome of a sentence.
fn outcome<'a>(results: &'a Value, number: &str) -> &'a str {
    let verdicts = results["verdicts"].as_array().expect("a list of verdicts");
    let verdict = verdicts.iter().find(|verdict| verdict["number"] == number);
    verdict.map_or("", |verdict| verdict["outcome"].as_str().unwrap())
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path of plain characters")
}

#[tokio::test]
async fn a_service_from_its_manifest_holds_and_only_what_was_selected_is_printed() {
    let catalog = service("catalog");
    let ran = run(&["conform", path(&catalog), "--only", "C-HEALTH", "--only", "c-start-6"]).await;
    let ran = ran.exited_with(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.first(), Some(&"catalog"), "{}", ran.out);
    let of = |word: &str| lines.iter().filter(|line| line.trim_start().starts_with(word)).count();
    assert_eq!(of("holds"), 6, "{}", ran.out);
    assert_eq!(of("not asked"), 1, "{}", ran.out);
    assert!(lines.iter().any(|line| line.contains("C-START-6") && line.contains('◇')));
    let last = lines.last().unwrap_or(&"");
    assert!(last.starts_with("catalog: 6 sentences hold, 0 broken, 1 not asked"), "{last}");
    // The progress is apart from the results.
    assert!(ran.err.contains("catalog: health"), "{}", ran.err);
    assert!(!ran.err.contains("repeated writes"), "{}", ran.err);
}

#[tokio::test]
async fn a_broken_sentence_says_what_was_sent_what_came_and_what_was_expected() {
    let folder = folder();
    // A request that breaks nothing, where the manifest must have one that does.
    changed_catalog(folder.path(), r#"invalid = '{"page_size": 1001}'"#, "invalid = '{}'");
    let junit = folder.path().join("results.xml");
    let arguments =
        ["conform", path(folder.path()), "--only", "C-VALID-1", "--junit", path(&junit)];
    let ran = run(&arguments).await.exited_with(1);
    let mut lines = ran.out.lines().skip_while(|line| !line.contains("BROKEN    C-VALID-1"));
    lines.next().expect("the sentence is broken");
    for (word, what) in
        [("sent", "ListProducts by staff:ada: {}"), ("came", "OK"), ("expected", "page_size")]
    {
        let line = lines.next().unwrap_or_default();
        assert!(line.trim_start().starts_with(word) && line.contains(what), "{}", ran.out);
    }
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{xml}");
    assert!(xml.contains("name=\"C-VALID-1 ") && xml.contains("expected: INVALID_ARGUMENT"));
}

#[tokio::test]
async fn a_running_process_is_asked_at_its_address_and_keeps_what_it_has() {
    let folder = folder();
    let serve = ChildShop::serve(&["catalog", "inventory"], folder.path());
    let mut shop = serve.program(souk()).start().await;
    let metrics = shop.metrics_url();
    let metrics = metrics.trim_start_matches("http://").trim_end_matches("/metrics");
    let grpc = address(&shop);
    let arguments = ["conform", grpc.as_str(), "--metrics", metrics, "--json"];
    let ran = run(&arguments).await.exited_with(0);
    let results: Value = serde_json::from_str(&ran.out).expect("JSON and nothing else");
    for number in ["C-HEALTH-5", "C-OPS-1", "C-ACCESS-3", "C-VALID-1", "C-ERROR-4", "C-METRIC-2"] {
        assert_eq!(outcome(&results, number), "holds", "{number}: {}", ran.out);
    }
    for number in ["C-CONFIG-1", "C-LIMIT-1", "C-LOG-2", "C-DRAIN-1", "C-WRITE-1", "C-ERROR-5"] {
        assert_eq!(outcome(&results, number), "not_asked", "{number}: {}", ran.out);
    }
    let verdicts = results["verdicts"].as_array().unwrap();
    let unasked = verdicts.iter().filter(|verdict| verdict["outcome"] == "not_asked");
    assert!(unasked.into_iter().all(|verdict| verdict["reason"].is_string()), "{}", ran.out);
    // Nothing was written.
    assert!(products(&shop).await.is_empty());
    shop.stop(LIMIT).await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_one_line_and_its_exit_code() {
    let folder = folder();
    std::fs::write(folder.path().join(FILE_NAME), "name = 1").unwrap();
    let wrong = path(folder.path());
    let catalog = service("catalog");
    let catalog = path(&catalog);
    for (arguments, code, named) in [
        (&["conform", "no-such-folder"][..], 64, "\"no-such-folder\""),
        (&["conform", "127.0.0.1:0x1"], 64, "HOST:PORT"),
        (&["conform", catalog, "--only", "C-EROR"], 64, "\"C-EROR\""),
        (&["conform", catalog, "--metrics", "127.0.0.1:1"], 64, "--metrics"),
        (&["conform", "127.0.0.1:1", "--key-file", "absent"], 64, "--key-file absent"),
        (&["conform", wrong], 2, FILE_NAME),
    ] {
        let ran = run(arguments).await.exited_with(code);
        assert!(ran.err.lines().count() == 1 && ran.err.contains(named), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_service_that_does_not_serve_ends_the_run() {
    let folder = folder();
    changed_catalog(folder.path(), r#"["souk", "serve", "catalog"]"#, r#"["false"]"#);
    let ran = run(&["conform", path(folder.path()), "--only", "C-HEALTH"]).await.exited_with(2);
    assert!(ran.out.contains("the run ended early: it ended (exit status: 1)"), "{}", ran.out);
    // Nothing listens there.
    let ran = run(&["conform", "127.0.0.1:9", "--only", "C-HEALTH"]).await.exited_with(2);
    assert!(ran.out.contains("the run ended early: 127.0.0.1:9"), "{}", ran.out);
}
