//! `souk leashed`: becomes another program, which the system kills when the process that started it
//! dies, however it dies.
//!
//! Internal: `souk up` starts services in other languages through it, because only the new process
//! can request this.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

/// Becomes another program, which dies with its starter
#[derive(Args)]
pub struct Leashed {
    /// The process that must be alive.
    #[arg(long)]
    starter: u32,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// The exit code of a shell when there is no such program.
const NOT_FOUND: u8 = 127;

impl Leashed {
    /// Becomes the program; returns only when that fails.
    pub fn run(self) -> ExitCode {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Signal, set_parent_process_death_signal};
            if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
                eprintln!("it would outlive souk: {error}");
                return ExitCode::FAILURE;
            }
        }
        // It may have died before the signal was set.
        if std::os::unix::process::parent_id() != self.starter {
            return ExitCode::FAILURE;
        }
        use std::os::unix::process::CommandExt as _;
        let (program, arguments) = self.command.split_first().expect("clap asks for one");
        let error = std::process::Command::new(program).args(arguments).exec();
        eprintln!("{} cannot be started: {error}", program.display());
        ExitCode::from(NOT_FOUND)
    }
}

/// Returns the wrapper command that makes a command die with this process.
///
/// The signal is bound to the *thread* that starts it, which must live as long as the process.
pub fn wrapper() -> Vec<OsString> {
    if cfg!(target_os = "linux") {
        // The running program, even when its file has been replaced since.
        let starter = std::process::id().to_string();
        ["/proc/self/exe", "leashed", "--starter", &starter, "--"].map(OsString::from).to_vec()
    } else {
        Vec::new()
    }
}
