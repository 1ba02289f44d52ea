//! What the real brokers have in common: a process with its own folder, run as an unprivileged
//! user, that can be killed and restarted on the same data, and that is removed with the test
//! however the test ends.

use std::{
    env, fs,
    io::Write,
    net::TcpListener,
    os::{
        fd::OwnedFd,
        unix::{fs::chown, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::unix::pipe,
};

use crate::eventually;

/// How long a start may take on a machine that is busy with other tests.
const START_LIMIT: Duration = Duration::from_secs(90);

/// The user "nobody", who runs what root starts.
const NOBODY: u32 = 65534;

/// Keeps a server until its input ends, so that the server and its data go away even when the test
/// is killed. $1 is the folder, the rest the command. The server leads a process group, so that
/// what it starts dies with it.
const KEEPER: &str = r#"
folder=$1
shift
start() {
  # Here and not in the server's own process, which may come to it late: what the last one said is not what this one says.
  : >"$folder/server.log"
  setsid "$@" >>"$folder/server.log" 2>&1 </dev/null &
  server=$!
}
end() {
  [ -z "$server" ] && return
  # Both, since one that was started just now may not lead its group yet, and would be waited for without end.
  # `-s KILL`: after `-KILL`, dash takes the `--` for a process.
  kill -s KILL -- "-$server" 2>/dev/null
  kill -s KILL "$server" 2>/dev/null
  wait "$server" 2>/dev/null
  server=
}
start "$@"
while read -r line; do
  case $line in
    kill) end ;;
    start) end; start "$@" ;;
  esac
  echo "$line"
done
end
rm -rf "$folder" 2>/dev/null
"#;

/// A server and its supervisor.
pub struct Server {
    name: &'static str,
    keeper: Child,
    input: Option<ChildStdin>,
    answers: BufReader<pipe::Receiver>,
    folder: TempDir,
    /// What it prints once it serves.
    ready: &'static str,
}

impl Server {
    /// Makes a folder for a server, which `prepare` fills and for which it returns the command, and
    /// starts it.
    ///
    /// # Panics
    /// When the server does not serve within a minute and a half; the message holds what it
    /// printed.
    pub async fn start(
        name: &'static str,
        ready: &'static str,
        prepare: impl FnOnce(&Path) -> Vec<String>,
    ) -> Server {
        let folder = tempfile::Builder::new()
            .prefix(&format!("souk-{name}-"))
            .tempdir()
            .expect("a temporary folder");
        let arguments = prepare(folder.path());
        let mut command = as_nobody_if_root(folder.path());
        command.args(["sh", "-c", KEEPER, "souk-keeper"]).arg(folder.path()).args(arguments);
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl-C in the terminal must reach the tests only; the supervisor sees that its input
        // ends.
        command.process_group(0);
        let mut keeper =
            command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let input = keeper.stdin.take();
        let output = OwnedFd::from(keeper.stdout.take().expect("its output is piped"));
        let answers =
            BufReader::new(pipe::Receiver::from_owned_fd(output).expect("a pipe can be read"));
        let server = Server { name, keeper, input, answers, folder, ready };
        server.wait_until_ready().await;
        server
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it as a power cut would, but for what the system still has to write: SIGKILL to all
    /// its processes.
    pub async fn kill(&mut self) {
        self.tell("kill").await;
    }

    /// Starts it again on the same data and ports, after killing it when it runs, and waits until
    /// it serves.
    pub async fn restart(&mut self) {
        self.tell("start").await;
        self.wait_until_ready().await;
    }

    /// Sends a command to the supervisor and waits until it is done.
    async fn tell(&mut self, word: &str) {
        let input = self.input.as_mut().expect("it is there until the server is dropped");
        writeln!(input, "{word}")
            .unwrap_or_else(|error| panic!("the keeper of {} is gone: {error}", self.name));
        let mut answer = String::new();
        let answered = tokio::time::timeout(START_LIMIT, self.answers.read_line(&mut answer)).await;
        let answered = answered
            .unwrap_or_else(|_| panic!("the keeper of {} still tries to {word}", self.name));
        answered.expect("the keeper answers");
        assert_eq!(answer.trim(), word, "the keeper of {} does not answer", self.name);
    }

    async fn wait_until_ready(&self) {
        let log = self.folder.path().join("server.log");
        eventually(START_LIMIT, || async {
            let printed = fs::read_to_string(&log).unwrap_or_default();
            let is_ready = printed.contains(self.ready);
            is_ready
                .then_some(())
                .ok_or_else(|| format!("{} is not ready; it printed:\n{printed}", self.name))
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input stops the supervisor.
        drop(self.input.take());
        let _ = self.keeper.wait();
    }
}

/// Returns whether a broker can be started here, by the variable that says where its programs are,
/// and reports it where it cannot.
///
/// # Panics
/// In continuous integration (`CI=true`) it must be there.
pub fn programs(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(folder) = env::var_os(variable).filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    let in_ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "{variable} is not set: in CI every test of the bus runs on {name} too");
    eprintln!("SKIPPED: {variable} is not set (`cargo xtask test` finds {name} and sets it)");
    None
}

/// Returns a port of this machine that is free and that no outgoing connection takes while the
/// server is dead.
///
/// The system gives such connections ports from 32,768 up; one of those might even be a client that
/// looks for the dead server and finds itself.
pub fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let seed = u64::from(std::process::id()) * 7919
        + std::time::UNIX_EPOCH.elapsed().map_or(0, |now| now.as_nanos() as u64);
    let first = 20_000 + (seed % 10_000) as u16;
    (first..32_700).chain(20_000..first).find(is_free).expect("some port is free")
}

/// Gives everything in a folder to the user who runs the server.
pub fn hand_over(folder: &Path) {
    if !is_root() {
        return;
    }
    let given = chown(folder, Some(NOBODY), Some(NOBODY));
    given.unwrap_or_else(|error| panic!("cannot hand over {}: {error}", folder.display()));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        hand_over_entry(&entry.path());
    }
}

fn hand_over_entry(path: &Path) {
    match path.is_dir() {
        true => hand_over(path),
        false => drop(chown(path, Some(NOBODY), Some(NOBODY))),
    }
}

/// Returns a command whose arguments run as an unprivileged user, to whom the folder then belongs.
fn as_nobody_if_root(folder: &Path) -> Command {
    if !is_root() {
        return Command::new("env");
    }
    hand_over(folder);
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}")).arg("--clear-groups");
    command
}

/// Returns whether this process may read what others may not.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_is_killed_and_started_as_fast_as_one_can_say_it() {
        let command =
            |_: &Path| ["sh", "-c", "echo ready; exec sleep 1000"].map(str::to_owned).to_vec();
        let mut server = Server::start("sleeper", "ready", command).await;
        for _ in 0..50 {
            server.tell("start").await;
        }
        server.restart().await;
        server.kill().await;
        let log = server.folder().join("server.log");
        server.tell("start").await;
        eventually(START_LIMIT, || async {
            fs::read_to_string(&log).is_ok_and(|log| log == "ready\n")
        })
        .await;
    }
}
