//! From start to exit code, with real processes: this test binary runs itself as a service.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use souk_chassis::{Caller, Channel, Effect, Rule, Shop};

use crate::echo;
use crate::observing::page;
use crate::proto::CONTRACT;
use crate::proto::souk::echo::v1 as pb;
use crate::stage::{Client, options, soon, unique};

/// Not a test of its own: what the processes below run. Without the variable it has nothing to do.
#[test]
fn child() {
    let Ok(what) = std::env::var("CHASSIS_TEST_CHILD") else { return };
    let code = match what.as_str() {
        "main" => souk_chassis::main_with(vec![echo::definition()], std::iter::empty()),
        "short of descriptors" => {
            let few = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
            rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
            souk_chassis::main_with(vec![echo::definition()], std::iter::empty())
        }
        "faulty" => souk_chassis::code_of("echo", async {
            let options = options("child").set("faults.enabled", true);
            let running = Shop::new(options).with(echo::definition()).start().await?;
            let (target, effect) =
                ("souk.echo.v1.EchoService/EchoKnown".to_string(), Effect::CrashAfter);
            running.faults().inject(Rule {
                id: 0,
                target,
                key: String::new(),
                after: 0,
                times: 1,
                effect,
            });
            let stop = running.stop_signal()?;
            eprintln!("listening on {}", running.addr());
            stop.await;
            running.drain().await
        }),
        "panicking tool" => {
            souk_chassis::code_of("souk", async { panic!("attempt to add with overflow") })
        }
        other => panic!("no child {other}"),
    };
    std::process::exit(code.into());
}

fn spawn(what: &str, environment: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "lifecycle::child", "--nocapture", "--test-threads=1"]);
    command
        .env("CHASSIS_TEST_CHILD", what)
        .env("ECHO__DATA_DIR", std::env::temp_dir().join("souk-chassis-tests"));
    command.envs(environment.iter().copied());
    command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

/// Reads lines until one has this part, and returns what follows it.
fn wait_for(child: &mut BufReader<std::process::ChildStderr>, part: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(child.read_line(&mut line).unwrap() > 0, "it ended before saying {part:?}");
        if let Some((_, rest)) = line.split_once(part) {
            return rest.trim().to_string();
        }
    }
}

fn exit_of(mut child: Child) -> std::process::ExitStatus {
    let until = Instant::now() + Duration::from_secs(15);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("it did not exit");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

const FREE: [(&str, &str); 2] =
    [("ECHO__SERVER__LISTEN", "127.0.0.1:0"), ("ECHO__SERVER__METRICS_LISTEN", "127.0.0.1:0")];

#[test]
fn a_signal_drains_and_the_exit_is_clean() {
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let mut child = spawn("main", &FREE);
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let rest = wait_for(&mut lines, "echo serves echo on ");
        assert!(rest.contains("127.0.0.1:") && rest.contains(", metrics on "), "{rest}");
        // The signal handler is installed right after the line.
        std::thread::sleep(Duration::from_millis(100));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, signal).unwrap();
        wait_for(&mut lines, ": draining");
        assert_eq!(exit_of(child).code(), Some(0));
    }
}

#[test]
fn a_tool_that_panics_says_what_and_where() {
    let mut child = spawn("panicking tool", &[]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let place = wait_for(&mut lines, "attempt to add with overflow at ");
    assert!(place.contains("lifecycle.rs:"), "{place}");
    assert_eq!(exit_of(child).code(), Some(101));
}

#[tokio::test]
async fn connections_leave_descriptors_for_everything_else() {
    let mut child = spawn("short of descriptors", &FREE);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let rest = wait_for(&mut lines, "echo serves echo on ");
    let (grpc, metrics) = rest.split_once(", metrics on ").unwrap();
    let mut silent = Vec::new();
    for _ in 0..80 {
        silent.push(tokio::net::TcpStream::connect(grpc).await.unwrap());
    }
    wait_for(&mut lines, "cap=\"descriptors\"");
    let metrics = metrics.parse().unwrap();
    for _again in 0..5 {
        assert!(soon("the page", page(metrics, "/readyz")).await.starts_with("HTTP/1.1 200"));
        assert!(
            soon("the page", page(metrics, "/metrics"))
                .await
                .contains("souk_refused_total{cap=\"descriptors\"}")
        );
    }
    // They are admitted again when there is capacity.
    drop(silent);
    let channel = Channel::to(grpc, &Caller::user("alice"), &CONTRACT).unwrap();
    soon("a call", async {
        while Client::new(channel.clone())
            .echo_known(pb::EchoKnownRequest::default())
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_wrong_setting_is_one_line_and_exit_64() {
    for (variable, expected) in [
        (
            "ECHO__SERVER__LISTEM",
            "echo: server.listem (from ECHO__SERVER__LISTEM): there is no such setting",
        ),
        (
            "ECHO__NEIGHBOURS__EVENTS",
            "(from ECHO__NEIGHBOURS__EVENTS): neighbours is called upstreams now",
        ),
    ] {
        let mut child = spawn("main", &[(variable, "x")]);
        let mut stderr = child.stderr.take().unwrap();
        assert_eq!(exit_of(child).code(), Some(64));
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn an_address_that_is_taken_is_one_line_and_exit_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut child = spawn("main", &[("ECHO__SERVER__LISTEN", &address), FREE[1]]);
    let mut stderr = child.stderr.take().unwrap();
    assert_eq!(exit_of(child).code(), Some(1));
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    assert!(text.contains(&format!("echo: server.listen: cannot listen on {address}")), "{text}");
}

#[tokio::test]
async fn an_ordered_crash_kills_the_process_after_the_work_and_before_the_answer() {
    use std::os::unix::process::ExitStatusExt as _;
    let mut child = spawn("faulty", &[]);
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let address = wait_for(&mut lines, "listening on ");
    let caller = Caller::user("alice");
    let mut client = Client::new(Channel::to(&address, &caller, &CONTRACT).unwrap());
    let status = client.echo_known(pb::EchoKnownRequest::default()).await.unwrap_err();
    // The crash, or the refused connection of a repeat: unavailable in any case.
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
    assert_eq!(exit_of(child).signal(), Some(9));
}

#[tokio::test]
async fn a_worker_that_fails_or_panics_starts_again_and_is_awaited_at_the_drain() {
    let name = unique("worker");
    let failing = options(&name).set("echo.worker_fails", true);
    let running = Shop::new(failing).with(echo::definition()).start().await.unwrap();
    let probe = echo::probe(&name);
    soon("the third run", async {
        while *probe.worker_runs.lock().unwrap() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(!probe.worker_drained.load(Ordering::Relaxed));
    running.drain().await.unwrap();
    assert!(probe.worker_drained.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_service_that_cannot_be_built_stops_the_start_with_its_name() {
    #[derive(serde::Deserialize)]
    struct Nothing {}
    let broken = souk_chassis::Definition::new("broken", "", |_: Nothing, _| async {
        std::fs::read("/does/not/exist")?;
        Ok(souk_chassis::Service::new(&CONTRACT))
    });
    let error = Shop::new(options(&unique("broken")))
        .with(echo::definition())
        .with(broken)
        .start()
        .await
        .err()
        .expect("it is refused");
    assert_eq!(error.exit_code(), 1);
    assert!(error.to_string().starts_with("broken: No such file"), "{error}");
}
