//! The life of a service's own program, from its arguments to its exit code.

use std::process::ExitCode;
use std::time::Duration;

use crate::definition::Definition;
use crate::options::Options;
use crate::shop::Shop;
use crate::start_error::StartError;

/// How long tasks may take to end after the drain.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the services until SIGTERM or SIGINT: configure, telemetry, build (migrate), bind, serve,
/// drain, exit.
///
/// The only argument is `--config FILE`. The exit code is 0 after a clean drain, 64 for a wrong
/// setting or argument, and 1 for everything else, with one line on stderr that says what was
/// wrong.
pub fn main(definitions: Vec<Definition>) -> ExitCode {
    ExitCode::from(main_with(definitions, std::env::args().skip(1)))
}

/// Does what [`main`] does with other arguments; for tests, which cannot look into an `ExitCode`.
#[doc(hidden)]
pub fn main_with(definitions: Vec<Definition>, arguments: impl Iterator<Item = String>) -> u8 {
    let program = match definitions.as_slice() {
        [one] => one.name().to_string(),
        _ => "souk".to_string(),
    };
    let options = match options(&program, arguments) {
        Ok(options) => options,
        Err(Stop::Help) => {
            println!("{}", help(&program, &definitions));
            return 0;
        }
        Err(Stop::Wrong(error)) => return failed(&program, &error),
    };
    let shop = definitions.into_iter().fold(Shop::new(options), Shop::with);
    code_of(&program, async move {
        let running = shop.start().await?;
        let stop = running.stop_signal()?;
        running.tell_ready()?;
        stop.await;
        running.drain().await
    })
}

/// Runs `work` on a runtime of its own and turns its outcome into an exit code.
pub fn run(program: &str, work: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    ExitCode::from(code_of(program, work))
}

/// Does what [`run`] does, with the exit code as a number.
#[doc(hidden)]
pub fn code_of(program: &str, work: impl Future<Output = Result<(), StartError>>) -> u8 {
    crate::telemetry::log_panics();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(program, &StartError::from(error)),
    };
    let outcome = runtime.block_on(work);
    // Tasks end and close their databases. What does not heed this must not hold the process.
    runtime.shutdown_timeout(END_TIMEOUT);
    crate::log::flush();
    match outcome {
        Ok(()) => 0,
        Err(error) => failed(program, &error),
    }
}

fn failed(program: &str, error: &StartError) -> u8 {
    crate::log::flush();
    eprintln!("{program}: {error}");
    error.exit_code()
}

/// Returns every setting of the one program with its default and what it does, as a file for
/// `--config`.
pub fn settings(definitions: &[Definition]) -> String {
    let mut text = include_str!("chassis.default.toml").to_string();
    for definition in definitions {
        let name = definition.name();
        text.push_str(&format!("\n# ---- {name} ----\n[{name}]\n"));
        for line in definition.default_config().lines() {
            match line.strip_prefix('[') {
                Some(section) => text.push_str(&format!("[{name}.{section}\n")),
                None => text.push_str(&format!("{line}\n")),
            }
        }
    }
    text
}

enum Stop {
    Help,
    Wrong(StartError),
}

fn options(program: &str, mut arguments: impl Iterator<Item = String>) -> Result<Options, Stop> {
    let mut options = Options::new(program);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), argument.strip_prefix("--config=")) {
            ("--help" | "-h", _) => return Err(Stop::Help),
            (_, Some(file)) => options = options.file(file),
            ("--config", None) => match arguments.next() {
                Some(file) => options = options.file(file),
                None => {
                    return Err(Stop::Wrong(StartError::configuration(
                        "--config",
                        "",
                        "must be followed by a file",
                    )));
                }
            },
            (other, None) => {
                let error = StartError::configuration(
                    "argument",
                    other,
                    "the only options are --config FILE and --help",
                );
                return Err(Stop::Wrong(error));
            }
        }
    }
    Ok(options)
}

fn help(program: &str, definitions: &[Definition]) -> String {
    let prefix = program.to_uppercase().replace('-', "_");
    let mut text = format!(
        "Usage: {program} [--config FILE]\n\n\
         Runs until SIGTERM or SIGINT. Settings come from these defaults, then FILE (TOML), then the environment:\n\
         {prefix}__SERVER__LISTEN sets server.listen.\n\n{}",
        include_str!("chassis.default.toml")
    );
    for definition in definitions {
        text.push_str(&format!(
            "\n# ---- {} ----\n{}",
            definition.name(),
            definition.default_config()
        ));
    }
    text
}
