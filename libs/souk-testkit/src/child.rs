//! The one program as a child process, which a test can kill at any moment and restart on the same
//! data.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use souk_chassis::Caller;
use tokio::process::{Child, Command};

use crate::foreign::{all_prepared, services};
use crate::{CallerChannel, connect_as, eventually};

/// How long a start may take on a machine that is busy with other tests.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running `souk`, killed when this is dropped.
///
/// It is started with `--listen 127.0.0.1:0 --ready-file FILE`; once it serves, the file has its
/// addresses, one per line: `grpc=127.0.0.1:40001` and `metrics=127.0.0.1:40002`. A restart asks
/// for the same gRPC address again.
pub struct ChildShop {
    program: Option<PathBuf>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
    listen: String,
    metrics: String,
    child: Option<Child>,
}

impl ChildShop {
    /// Prepares `souk up --data FOLDER/data`: every service in one process, and none of another
    /// language. [`start`](Self::start) starts it.
    pub fn up(folder: &Path) -> ChildShop {
        // Empty: not those of the folder in which the test runs.
        ChildShop::new(folder, "up").argument("--services-dir=")
    }

    /// Prepares `souk up` with the services of other languages that have their manifests in a
    /// folder of services, and no others.
    pub fn up_with(folder: &Path, services_dir: &str) -> ChildShop {
        ChildShop::up(folder).argument(format!("--services-dir={services_dir}"))
    }

    /// Prepares `souk up` with every service in another language that stands beside the others, on
    /// free ports. Makes their environments first.
    ///
    /// # Panics
    /// When one cannot be made.
    pub async fn up_with_all(folder: &Path) -> ChildShop {
        let services = services();
        let mut shop = ChildShop::up_with(folder, services.to_str().expect("a path is text"));
        for manifest in all_prepared().await {
            let prefix = manifest.environment_prefix();
            for port in ["LISTEN", "METRICS_LISTEN"] {
                shop = shop.environment(format!("{prefix}__SERVER__{port}"), "127.0.0.1:0");
            }
        }
        shop
    }

    /// Prepares `souk serve NAME… --data FOLDER/data`: some services in one process.
    pub fn serve(names: &[&str], folder: &Path) -> ChildShop {
        names.iter().fold(ChildShop::new(folder, "serve"), |shop, name| shop.argument(name))
    }

    fn new(folder: &Path, command: &str) -> ChildShop {
        ChildShop {
            program: None,
            arguments: vec![command.into()],
            environment: vec![("SOUK__SERVER__METRICS_LISTEN".into(), "127.0.0.1:0".into())],
            folder: folder.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            metrics: String::new(),
            child: None,
        }
    }

    /// Runs another program than the `souk` that cargo built beside the test, or the one that
    /// SOUK_BIN names.
    pub fn program(mut self, program: impl Into<PathBuf>) -> ChildShop {
        self.program = Some(program.into());
        self
    }

    /// Adds an argument to the command line.
    pub fn argument(mut self, argument: impl Into<OsString>) -> ChildShop {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable, such as `ORDERS__DATA__URL`.
    pub fn environment(
        mut self,
        name: impl Into<OsString>,
        value: impl Into<OsString>,
    ) -> ChildShop {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// When it exits first or is not ready within a minute; the message holds what it printed.
    pub async fn start(mut self) -> ChildShop {
        self.restart().await;
        self
    }

    /// Starts it again, on the same data and the same address. Kills it first if it still runs.
    pub async fn restart(&mut self) {
        self.kill().await;
        fs::create_dir_all(&self.folder).expect("the folder of the test can be made");
        let ready = self.folder.join("ready");
        let _ = fs::remove_file(&ready);
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log can be opened");
        let program = self.program.clone().unwrap_or_else(built_program);
        let child = Command::new(&program)
            .args(&self.arguments)
            .arg("--data")
            .arg(self.folder.join("data"))
            .args(["--listen", &self.listen])
            .arg("--ready-file")
            .arg(&ready)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log can be shared"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.child = Some(
            child.unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display())),
        );
        let addresses = self.wait_for(&ready).await;
        self.listen = value_of(&addresses, "grpc").expect("the ready file tells the gRPC address");
        self.metrics = value_of(&addresses, "metrics").unwrap_or_default();
    }

    async fn wait_for(&mut self, ready: &Path) -> String {
        let log = self.log();
        let child = self.child.as_mut().expect("it was just started");
        let printed = || fs::read_to_string(&log).unwrap_or_default();
        tokio::select! {
            // In this order: one that served and then died at once was ready.
            biased;
            addresses = eventually(START_LIMIT, || async {
                fs::read_to_string(ready).map_err(|_| format!("it is not ready; it printed:\n{}", printed()))
            }) => addresses,
            exit = child.wait() => fs::read_to_string(ready).unwrap_or_else(|_| {
                panic!("it exited ({}) before it was ready; it printed:\n{}", exit.expect("a child can be waited for"), printed())
            }),
        }
    }

    /// Kills it as a power cut would: SIGKILL, no clean-up. Does nothing when it is dead already.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill().await;
        }
    }

    /// Asks it to stop (SIGTERM) and waits until it has drained.
    ///
    /// # Panics
    /// When it does not run, or does not exit within `limit`.
    pub async fn stop(&mut self, limit: Duration) -> ExitStatus {
        let child = self.child.as_ref().expect("it runs");
        let id = child.id().expect("it has not been waited for").to_string();
        let sent =
            Command::new("kill").args(["-TERM", &id]).status().await.expect("kill(1) exists");
        assert!(sent.success(), "the process {id} could not be signalled");
        self.exited(limit).await
    }

    /// Waits until it exits by itself, for example at a fault point that kills it.
    ///
    /// # Panics
    /// When it was never started, or does not exit within `limit`.
    pub async fn exited(&mut self, limit: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("it was started");
        let exit = tokio::time::timeout(limit, child.wait()).await;
        exit.unwrap_or_else(|_| panic!("it still runs after {limit:?}"))
            .expect("a child can be waited for")
    }

    /// Returns the address of its gRPC server as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Returns the address of its metrics: `http://127.0.0.1:40002/metrics`.
    pub fn metrics_url(&self) -> String {
        format!("http://{}/metrics", self.metrics)
    }

    /// Returns a connection that speaks as a caller; it survives a restart.
    pub fn channel_as(&self, caller: &Caller) -> CallerChannel {
        connect_as(&self.url(), caller)
    }

    /// Returns its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Returns its process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Returns the file that holds all it has printed, over all its lives.
    pub fn log(&self) -> PathBuf {
        self.folder.join("souk.log")
    }
}

/// Returns the program: SOUK_BIN, or the one that cargo built beside this test.
fn built_program() -> PathBuf {
    if let Some(path) = std::env::var_os("SOUK_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own file");
    let built =
        test.ancestors().nth(2).expect("cargo puts tests into target/<profile>/deps").join("souk");
    assert!(built.exists(), "{} is missing: `cargo build -p souk` builds it", built.display());
    built
}

fn value_of(lines: &str, key: &str) -> Option<String> {
    lines.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
}
