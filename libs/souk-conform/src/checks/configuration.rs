//! C-CONFIG: where settings come from, and how a process with invalid settings ends.

use std::fs;

use futures_util::StreamExt as _;
use futures_util::stream;
use souk_manifest::Launch;

use crate::child::{Refusal, Running, Service};
use crate::recorder::Recorder;
use crate::report::{Report, seen};

/// A value that must not be printed anywhere.
const SECRET: &str = "conformance-secret-5e1f";
const WRONG_SETTING: Option<i32> = Some(64);
/// How many of the starts that fail run at a time: an interpreter loads for seconds before it looks
/// at its settings.
const SIDE_BY_SIDE: usize = 4;

/// Starts the process that most sentences are asked of: some settings from a file, some from the
/// environment.
pub async fn usual(
    service: &Service,
    upstreams: &Recorder,
    report: &mut Report,
) -> Result<Running, String> {
    let file = service.fresh("settings.toml");
    // The environment must win for the log, and the file must count for the rest.
    let text = "[log]\nformat = \"text\"\n[server]\nmax_message_bytes = 70000\n";
    fs::write(&file, text).map_err(|error| error.to_string())?;
    let mut launch = service.settings().set("log.format", "json").set("log.level", "info");
    for name in &service.manifest.upstreams {
        launch = launch.set(&format!("upstreams.{name}"), upstreams.url());
    }
    let arguments = ["--config".to_owned(), file.display().to_string()];
    let process = service.start(launch, &arguments).await?;
    let lines: Vec<&str> = process.ready_text.lines().collect();
    let is_complete = matches!(
        lines[..],
        [grpc, metrics] if grpc.starts_with("grpc=") && metrics.starts_with("metrics=")
    );
    let came = format!("{:?}", process.ready_text);
    let expected = "two lines, grpc=HOST:PORT and metrics=HOST:PORT";
    report.observe("C-START-2", is_complete, seen("server.ready_file", came, expected));
    let has_ports = process.grpc.port() != 0 && process.metrics.port() != 0;
    let came = format!("gRPC on {}, metrics on {}", process.grpc, process.metrics);
    let sent = "server.listen and server.metrics_listen with port 0";
    report.observe("C-START-1", has_ports, seen(sent, came, "ports that the system chose"));
    Ok(process)
}

/// A start that must fail.
struct Wrong {
    number: &'static str,
    /// What is wrong, for the report.
    what: String,
    launch: Launch,
    arguments: Vec<String>,
    /// What the line on stderr must name.
    named: &'static str,
    /// Whether stderr may have more than one line: for an argument it may show how it is used.
    may_explain: bool,
}

/// Starts processes with a setting that is wrong.
pub async fn wrong_settings_end_the_start(service: &Service, report: &mut Report) {
    let files = [("unknown", "[server]\nno_such_key = 1\n"), ("torn", "[server\nlisten = ")];
    let [unknown, torn] = files.map(|(name, text)| {
        let path = service.fresh(&format!("{name}.toml"));
        fs::write(&path, text).expect("the temporary folder can be written");
        path.display().to_string()
    });
    let absent = service.fresh("absent.toml").display().to_string();
    let with_file = |file: &str| vec!["--config".to_owned(), file.to_owned()];
    let plain = || service.settings();

    let setting = |number, key: &str, value: &str, named| Wrong {
        number,
        what: format!("{key} = {value:?} in the environment"),
        launch: plain().set(key, value),
        arguments: vec![],
        named,
        may_explain: false,
    };
    let argument = |number, what: &str, arguments, named| Wrong {
        number,
        what: what.to_owned(),
        launch: plain(),
        arguments,
        named,
        may_explain: named == "no-such-argument",
    };
    let unknown_argument = vec!["--no-such-argument".to_owned()];
    let cases = vec![
        setting("C-CONFIG-3", "server.no_such_key", "1", "no_such_key"),
        argument(
            "C-CONFIG-3",
            "a file with server.no_such_key",
            with_file(&unknown),
            "no_such_key",
        ),
        setting("C-CONFIG-4", "server.max_requests", "many", "max_requests"),
        setting("C-CONFIG-4", "log.format", "poem", "format"),
        setting("C-CONFIG-4", "server.max_message_bytes", "99999999", "max_message_bytes"),
        argument("C-CONFIG-5", "a file that is no TOML", with_file(&torn), "torn.toml"),
        argument("C-CONFIG-5", "a file that is missing", with_file(&absent), "absent.toml"),
        argument("C-CONFIG-5", "--no-such-argument", unknown_argument, "no-such-argument"),
    ];
    let ends = cases.into_iter().map(|wrong| async move {
        let launch = wrong.launch.clone().set("identity.development_key", SECRET);
        let refusal = service.refused(launch, &wrong.arguments).await;
        (wrong, refusal)
    });
    let mut ends = stream::iter(ends).buffered(SIDE_BY_SIDE);
    while let Some((wrong, refusal)) = ends.next().await {
        match refusal {
            Ok(refusal) => judge(&wrong, &refusal, report),
            Err(why) => {
                let observation = seen(format!("a start with {}", wrong.what), why, "exit code 64");
                return report.observe(wrong.number, false, observation);
            }
        }
    }
}

fn judge(wrong: &Wrong, refusal: &Refusal, report: &mut Report) {
    let names_it = refusal.stderr.contains(wrong.named);
    let lines = refusal.lines().len();
    let is_short = wrong.may_explain || lines == 1;
    let sent = format!("a start with {}", wrong.what);
    let came = format!("{} ({lines} lines on stderr)", refusal.describe());
    let expected = format!("exit code 64 and one line on stderr that names {}", wrong.named);
    let holds = refusal.exit == WRONG_SETTING && names_it && is_short;
    report.observe(wrong.number, holds, seen(&sent, came, expected));
    let came = if refusal.has_written { "something was written" } else { "nothing was written" };
    let expected = "no data folder and no ready file";
    report.observe("C-CONFIG-6", !refusal.has_written, seen(&sent, came, expected));
    let is_secret = !refusal.stderr.contains(SECRET);
    let came = if is_secret { "stderr without the key".to_owned() } else { refusal.describe() };
    let sent = format!("{sent}, and identity.development_key set");
    report.observe("C-CONFIG-7", is_secret, seen(sent, came, "stderr without the key"));
}
