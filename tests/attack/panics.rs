//! A tool that panics ends with an error that somebody can read.

use std::process::{Command, ExitCode, Stdio};

/// Makes this program the tool that panics.
const CHILD: &str = "SOUK_ATTACK_CHILD";

#[test]
fn child() {
    if std::env::var_os(CHILD).is_some() {
        let code = souk_chassis::run("souk", async { panic!("attempt to add with overflow") });
        unreachable!("it went on to {:?}", code == ExitCode::SUCCESS);
    }
}

#[test]
fn a_tool_that_panics_says_what_and_where() {
    let mut tool = Command::new(std::env::current_exe().expect("a test knows its own file"));
    tool.args(["--exact", "panics::child", "--nocapture"]).env(CHILD, "1").stdin(Stdio::null());
    let ended = tool.output().expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(101), "{said}");
    assert!(said.contains("attempt to add with overflow at ") && said.contains("panics.rs"), "it said: {said}");
}
