//! `--help` answers what a newcomer asks.

use crate::support::run;

#[tokio::test]
async fn every_command_explains_itself() {
    for (command, words) in [
        (
            &["--help"][..],
            &[
                "souk up", "up", "serve", "audit", "replay", "backup", "token", "conform",
                "settings",
            ][..],
        ),
        (
            &["up", "--help"],
            &[
                "--data",
                "souk-data",
                "127.0.0.1:7300",
                "127.0.0.1:7301",
                "--without",
                "Ctrl-C",
                "SOUK__LOG__LEVEL",
            ],
        ),
        (
            &["serve", "--help"],
            &["--upstream", "catalog=http://127.0.0.1:7310", "Example", "--data", "127.0.0.1:7300"],
        ),
        (
            &["audit", "--help"],
            &["--to", "127.0.0.1:7300", "Exits with 1", "--patience", "--upstream"],
        ),
        (
            &["replay", "--help"],
            &["--to", "--rate", "--concurrency", "--from-invoice", "--report", "xz"],
        ),
        (&["backup", "--help"], &["--data", "souk-data", "souk audit", "runs"]),
        (
            &["events", "tail", "--help"],
            &["--type", "--from", "earliest", "how long ago", "--json", "--limit", "acknowledges"],
        ),
        (
            &["token", "--help"],
            &["user:ID", "service:NAME", "staff", "authorization: Bearer", "loopback"],
        ),
        (
            &["conform", "--help"],
            &["MANIFEST|ADDRESS", "--only", "C-ERROR", "--json", "--junit", "Exit codes:", "64"],
        ),
    ] {
        let help = run(command).await.exited_with(0).out;
        for word in words {
            assert!(
                help.contains(word),
                "souk {} does not say {word:?}:\n{help}",
                command.join(" ")
            );
        }
    }
}

#[tokio::test]
async fn no_command_at_all_is_answered_with_the_help() {
    let ran = run(&[]).await.exited_with(64);
    assert!(ran.err.contains("souk up"), "{}", ran.err);
    let version = run(&["--version"]).await.exited_with(0).out;
    assert!(version.starts_with("souk "), "{version}");
}
