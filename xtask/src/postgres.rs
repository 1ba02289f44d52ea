//! A PostgreSQL for one run of the tests: found or fetched, durable as in production, gone
//! afterwards.

use std::{
    env, fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::{Doing, Failure, Outcome},
    shell, tools,
    workspace::Workspace,
};

/// Programs of PostgreSQL 16 that need nothing but the C library and zlib. Used where none is
/// installed.
const PACKAGE: &str = "pgserver==0.1.4";

/// The variable by which tests find the cluster.
pub const URL_VARIABLE: &str = "SOUK_TEST_POSTGRES_URL";

/// How long a start may take on a slow disk.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The user "nobody": PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

/// Runs until its input ends, so that PostgreSQL and its data go away however this program ends.
/// $1 is the folder of the programs, $2 the folder of the cluster, $3 the port.
const KEEPER: &str = r#"
"$1/initdb" --pgdata="$2/data" --username=souk --auth=trust --encoding=UTF8 --locale=C --no-sync >"$2/initdb.log" 2>&1 || exit 1
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c fsync=on -c synchronous_commit=on -c max_connections=400 -c shared_buffers=256MB -c max_wal_size=2GB \
  -c timezone=UTC -c lc_messages=C >"$2/postgres.log" 2>&1 </dev/null &
server=$!
read -r line
kill -INT "$server"
wait "$server"
rm -rf "$2" 2>/dev/null
"#;

/// `cargo xtask postgres`: a cluster for tests that are run by hand.
pub fn run(workspace: &Workspace) -> Outcome {
    let postgres = Postgres::start(workspace)?;
    println!("export {URL_VARIABLE}={}", postgres.url());
    eprintln!("Ctrl-C stops it and removes its data");
    // The interrupt ends this program, and with it the input of the supervisor.
    loop {
        thread::park();
    }
}

/// A running cluster. Dropping it stops PostgreSQL and removes its data.
pub struct Postgres {
    keeper: Child,
    input: Option<ChildStdin>,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a cluster of its own on a free port of this machine.
    pub fn start(workspace: &Workspace) -> Outcome<Postgres> {
        let installed = installed_programs();
        let folder = env::temp_dir().join(format!("souk-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder).doing(format_args!("create {}", folder.display()))?;
        let programs = match installed {
            Some(programs) => programs,
            None => fetched_programs(workspace, &folder)?,
        };
        let port = free_port()?;
        let mut command = as_nobody_if_root(&folder)?;
        command
            .args(["sh", "-c", KEEPER, "souk-postgres"])
            .arg(&programs)
            .arg(&folder)
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped());
        // Ctrl-C in the terminal must reach the tests only; the supervisor sees that its input
        // ends.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut keeper = command.spawn().doing("start PostgreSQL")?;
        let input = keeper.stdin.take();
        let mut postgres = Postgres { keeper, input, folder, port };
        postgres.wait_until_ready()?;
        eprintln!("PostgreSQL from {} on port {port}", programs.display());
        Ok(postgres)
    }

    /// Returns where tests reach it, as a superuser.
    pub fn url(&self) -> String {
        format!("postgres://souk@127.0.0.1:{}/postgres", self.port)
    }

    fn wait_until_ready(&mut self) -> Outcome {
        let start = Instant::now();
        while start.elapsed() < START_LIMIT {
            let log = fs::read_to_string(self.folder.join("postgres.log")).unwrap_or_default();
            if log.contains("ready to accept connections") {
                return Ok(());
            }
            if self.keeper.try_wait().doing("watch PostgreSQL")?.is_some() || log.contains("FATAL")
            {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let logs: Vec<String> = ["initdb.log", "postgres.log"]
            .iter()
            .filter_map(|name| fs::read_to_string(self.folder.join(name)).ok())
            .collect();
        Err(Failure::new(format!("PostgreSQL did not start:\n{}", logs.join("\n"))))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut input) = self.input.take() {
            // The supervisor reads a line or the end of its input: either stops it.
            let _ = input.write_all(b"stop\n");
        }
        let _ = self.keeper.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Looks for a server where systems put it: on the path, then the newest of Debian's.
pub fn installed_programs() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    debian.sort_by_key(|path| version_in(path));
    on_path
        .into_iter()
        .flatten()
        .chain(debian.into_iter().rev())
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

fn version_in(path: &Path) -> u32 {
    let version = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    version.and_then(|version| version.parse().ok()).unwrap_or(0)
}

/// Fetches the programs once, and puts a copy where the user "nobody" may read it.
fn fetched_programs(workspace: &Workspace, folder: &Path) -> Outcome<PathBuf> {
    let store = workspace.target.join("tools").join(PACKAGE.replace("==", "-"));
    if !store.join("pgserver").is_dir() {
        eprintln!("no PostgreSQL is installed: fetching {PACKAGE}");
        tools::fetch_program(workspace, PACKAGE, &store)?;
    }
    let copy = folder.join("programs");
    shell::run(Command::new("cp").arg("-R").arg(&store).arg(&copy))?;
    shell::run(Command::new("chmod").args(["-R", "a+rX"]).arg(&copy))?;
    Ok(copy.join("pgserver/pginstall/bin"))
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").doing("find a free port")?;
    Ok(listener.local_addr().doing("find a free port")?.port())
}

/// Returns a command whose arguments run as an unprivileged user, to whom the folder then belongs.
fn as_nobody_if_root(folder: &Path) -> Outcome<Command> {
    let is_root = shell::read(Command::new("id").arg("-u"))?.trim() == "0";
    if !is_root {
        return Ok(Command::new("env"));
    }
    shell::run(Command::new("chown").arg("-R").arg(format!("{NOBODY}:{NOBODY}")).arg(folder))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        .doing("open the folder of PostgreSQL")?;
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={NOBODY}")).arg(format!("--regid={NOBODY}")).arg("--clear-groups");
    Ok(command)
}
