//! Progress on stderr: how far it is, how fast, and the remaining time.

use std::collections::VecDeque;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the line of a terminal is rewritten, and how often a line is printed elsewhere.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(250);
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The rate is that of this last stretch.
const WINDOW: Duration = Duration::from_secs(10);

/// Counts what is done of a known number.
pub struct Progress {
    what: &'static str,
    total: u64,
    done: AtomicU64,
}

/// A reporter in progress; it stops when this is dropped.
pub struct Reporter {
    task: tokio::task::JoinHandle<()>,
    is_terminal: bool,
}

impl Progress {
    /// Returns a count of `total` things that are called `what`.
    pub fn of(what: &'static str, total: usize) -> Arc<Progress> {
        Arc::new(Progress { what, total: total as u64, done: AtomicU64::new(0) })
    }

    /// Counts one more.
    pub fn add_one(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Reports from now on: on a terminal one line that is rewritten, elsewhere a line every 5
    /// seconds.
    pub fn report(self: &Arc<Self>) -> Reporter {
        let is_terminal = std::io::stderr().is_terminal();
        let progress = self.clone();
        let task = tokio::spawn(async move {
            let mut ticks =
                tokio::time::interval(if is_terminal { TERMINAL_INTERVAL } else { LINE_INTERVAL });
            ticks.tick().await;
            let mut samples = VecDeque::from([(Instant::now(), 0)]);
            loop {
                ticks.tick().await;
                let line = progress.line(&mut samples, Instant::now());
                let mut stderr = std::io::stderr().lock();
                let _ = if is_terminal {
                    write!(stderr, "\r\x1b[K{line}")
                } else {
                    writeln!(stderr, "{line}")
                };
                let _ = stderr.flush();
            }
        });
        Reporter { task, is_terminal }
    }

    fn line(&self, samples: &mut VecDeque<(Instant, u64)>, now: Instant) -> String {
        let done = self.done.load(Ordering::Relaxed);
        samples.push_back((now, done));
        while samples.len() > 2 && now - samples[0].0 > WINDOW {
            samples.pop_front();
        }
        let (since, before) = samples[0];
        let rate = (done - before) as f64 / (now - since).as_secs_f64().max(0.001);
        let total = self.total;
        let what = self.what;
        let percent = done * 100 / total.max(1);
        let left = match rate {
            rate if rate > 0.0 => format!("{} left", span((total - done) as f64 / rate)),
            _ => "waiting".to_owned(),
        };
        format!("  {done} of {total} {what} ({percent} %), {rate:.0} a second, {left}")
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.task.abort();
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}

/// Writes a number of seconds as people do: `8 s`, `2 min 5 s`, `3 h 20 min`.
fn span(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_how_fast_and_how_long_still() {
        let progress = Progress::of("orders", 1_000);
        let start = Instant::now();
        let mut samples = VecDeque::from([(start, 0)]);
        for _ in 0..50 {
            progress.add_one();
        }
        let line = progress.line(&mut samples, start + Duration::from_secs(5));
        assert_eq!(line, "  50 of 1000 orders (5 %), 10 a second, 1 min 35 s left");
        let stalled =
            progress.line(&mut VecDeque::from([(start, 50)]), start + Duration::from_secs(5));
        assert_eq!(stalled, "  50 of 1000 orders (5 %), 0 a second, waiting");
    }

    #[test]
    fn a_span_is_written_as_people_do() {
        assert_eq!(span(7.2), "8 s");
        assert_eq!(span(125.0), "2 min 5 s");
        assert_eq!(span(12_000.0), "3 h 20 min");
    }
}
