//! C-CONFIG: where settings come from, and how a process with invalid settings ends.

use std::fs;

use futures_util::StreamExt as _;
use futures_util::stream;
use souk_manifest::Launch;

use crate::process::child::{Refusal, Running, Service};
use crate::process::recorder::Recorder;
use crate::process::report::Report;

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
    let process =
        service.start(launch, &["--config".to_owned(), file.display().to_string()]).await?;
    let lines = process.ready_text.lines().collect::<Vec<_>>();
    let is_as_said = matches!(lines[..], [grpc, metrics] if grpc.starts_with("grpc=") && metrics.starts_with("metrics="));
    report.look("C-START-2", is_as_said, format!("{:?}", process.ready_text));
    let has_ports = process.grpc.port() != 0 && process.metrics.port() != 0;
    report.look(
        "C-START-1",
        has_ports,
        format!("gRPC on {}, metrics on {}", process.grpc, process.metrics),
    );
    Ok(process)
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

    let cases: Vec<(&str, Launch, Vec<String>, &str)> = vec![
        ("C-CONFIG-3", plain().set("server.no_such_key", 1), vec![], "no_such_key"),
        ("C-CONFIG-3", plain(), with_file(&unknown), "no_such_key"),
        ("C-CONFIG-4", plain().set("server.max_requests", "many"), vec![], "max_requests"),
        ("C-CONFIG-4", plain().set("log.format", "poem"), vec![], "format"),
        (
            "C-CONFIG-4",
            plain().set("server.max_message_bytes", 99_999_999),
            vec![],
            "max_message_bytes",
        ),
        ("C-CONFIG-5", plain(), with_file(&torn), "torn.toml"),
        ("C-CONFIG-5", plain(), with_file(&absent), "absent.toml"),
        ("C-CONFIG-5", plain(), vec!["--no-such-argument".to_owned()], "no-such-argument"),
    ];
    let ends = cases.into_iter().map(|(number, launch, arguments, named)| async move {
        let launch = launch.set("identity.development_key", SECRET);
        (number, named, service.refused(launch, &arguments).await)
    });
    let mut ends = stream::iter(ends).buffered(SIDE_BY_SIDE);
    while let Some((number, named, refusal)) = ends.next().await {
        match refusal {
            Ok(refusal) => judge(number, named, named == "no-such-argument", &refusal, report),
            Err(why) => return report.look(number, false, why),
        }
    }
}

fn judge(number: &str, named: &str, is_argument: bool, refusal: &Refusal, report: &mut Report) {
    let names_it = refusal.stderr.contains(named);
    let is_short = is_argument || refusal.lines().len() == 1;
    let why = match (names_it, is_short) {
        (false, _) => format!(", which does not name {named}"),
        (true, false) => format!(", in {} lines", refusal.lines().len()),
        (true, true) => String::new(),
    };
    let holds = refusal.exit == WRONG_SETTING && names_it && is_short;
    report.look(number, holds, format!("{}{why}", refusal.told()));
    let told = format!(
        "with {named} wrong, {} was written",
        if refusal.has_written { "something" } else { "nothing" }
    );
    report.look("C-CONFIG-6", !refusal.has_written, told);
    let told = format!("with {named} wrong, the key of tokens is not printed");
    report.look("C-CONFIG-7", !refusal.stderr.contains(SECRET), told);
}
