//! One run of a service in another language: a process that dies with this one.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use souk_chassis::StartError;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::foreign::output::{self, Output};

type Order = (Command, oneshot::Sender<io::Result<Child>>);

/// The thread that starts processes. It lives as long as this process: children die with the thread
/// that started them (parent-death signal), and the runtime's own threads come and go.
#[derive(Clone)]
pub struct Starter(mpsc::Sender<Order>);

impl Starter {
    /// Starts the thread.
    pub fn start() -> Result<Starter, StartError> {
        let (orders, taken) = mpsc::channel::<Order>();
        let runtime = Handle::current();
        thread::Builder::new().name("starter".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            while let Ok((mut command, answer)) = taken.recv() {
                let _ = answer.send(command.spawn());
            }
            // This thread must not end before the process: its children would be killed.
            loop {
                thread::park();
            }
        })?;
        Ok(Starter(orders))
    }

    /// Starts a process whose lines go to `output`.
    pub async fn spawn(&self, command: std::process::Command, to: &Output) -> io::Result<Process> {
        let mut command = Command::from(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C goes to the shop only, which stops the external services in order.
        command.process_group(0);
        let (answer, started) = oneshot::channel();
        self.0.send((command, answer)).map_err(io::Error::other)?;
        let mut child = started.await.map_err(io::Error::other)??;
        let out = child.stdout.take();
        let err = child.stderr.take();
        let reading = [
            out.map(|out| tokio::spawn(output::follow(out, to.clone()))),
            err.map(|err| tokio::spawn(output::follow(err, to.clone()))),
        ];
        Ok(Process { child, reading })
    }
}

/// A process that runs.
pub struct Process {
    child: Child,
    reading: [Option<tokio::task::JoinHandle<()>>; 2],
}

impl Process {
    /// Waits until it has ended and all of its output is written.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        for reading in self.reading.iter_mut().filter_map(Option::take) {
            // A grandchild may hold the pipe open.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), reading).await;
        }
        Ok(status)
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        // A process that has ended needs no signal.
        if let Some(id) = id {
            let _ = kill_process(id, signal);
        }
    }
}
