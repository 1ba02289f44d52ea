//! Where log lines go: a bounded buffer that one thread writes out, so that no request waits for a
//! terminal or a disk.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::{Condvar, Mutex};

/// What may wait to be written; lines beyond it are dropped and counted.
const MAX_WAITING_BYTES: usize = 4 << 20;
/// How long lines are gathered before they are written together.
const GATHER: Duration = Duration::from_millis(20);

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// The one place that all lines of this process pass.
pub(crate) struct Sink {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    written: Condvar,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Whether the thread has taken lines that are not written yet.
    is_writing: bool,
    /// Lines are also kept here while a test listens.
    #[allow(clippy::type_complexity)]
    listener: Option<Box<dyn Fn(&[u8]) + Send>>,
}

/// Returns the sink; its thread starts with the first use.
pub(crate) fn sink() -> &'static Sink {
    static SINK: OnceLock<Sink> = OnceLock::new();
    static THREAD: OnceLock<()> = OnceLock::new();
    let sink = SINK.get_or_init(|| Sink {
        waiting: Mutex::default(),
        arrived: Condvar::new(),
        written: Condvar::new(),
        dropped: AtomicU64::new(0),
    });
    THREAD.get_or_init(|| {
        let spawned = thread::Builder::new().name("log".to_string()).spawn(|| sink.write_forever());
        if let Err(error) = spawned {
            eprintln!("cannot start the log thread: {error}");
        }
    });
    sink
}

/// Gives every line from now on to `listener` as well; for tests that assert what is logged.
#[doc(hidden)]
pub fn listen(listener: impl Fn(&[u8]) + Send + 'static) {
    sink().waiting.lock().listener = Some(Box::new(listener));
}

/// Waits until what was logged so far is written.
pub fn flush() {
    sink().flush();
}

impl Sink {
    /// Takes one line or several; drops them when too much is waiting already.
    pub(crate) fn write(&self, lines: &[u8]) {
        let mut waiting = self.waiting.lock();
        if let Some(listener) = &waiting.listener {
            listener(lines);
        }
        if waiting.bytes.len() + lines.len() > MAX_WAITING_BYTES {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_empty = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(lines);
        // The thread is woken once a batch: waking it for every line would cost more than the line.
        if was_empty && !waiting.is_writing {
            self.arrived.notify_one();
        }
    }

    /// Returns how many lines were dropped since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn flush(&self) {
        let mut waiting = self.waiting.lock();
        while !waiting.bytes.is_empty() || waiting.is_writing {
            let timed_out = self.written.wait_for(&mut waiting, Duration::from_secs(2)).timed_out();
            if timed_out {
                return;
            }
        }
    }

    fn write_forever(&self) {
        let mut lines = Vec::new();
        loop {
            let mut waiting = self.waiting.lock();
            waiting.is_writing = false;
            self.written.notify_all();
            while waiting.bytes.is_empty() {
                self.arrived.wait(&mut waiting);
            }
            waiting.is_writing = true;
            drop(waiting);
            thread::sleep(GATHER);
            lines.clear();
            std::mem::swap(&mut lines, &mut self.waiting.lock().bytes);
            // A closed stderr is ignored.
            let _ = io::stderr().lock().write_all(&lines);
        }
    }
}

/// Lets `tracing-subscriber` write into the sink.
#[derive(Clone, Copy)]
pub(crate) struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        sink().write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Appends the present time in RFC 3339 with microseconds: `2026-11-22T21:00:00.123456Z`.
pub(crate) fn append_now(line: &mut Vec<u8>) {
    append_time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), line);
}

fn append_time(since_epoch: Duration, line: &mut Vec<u8>) {
    let seconds = since_epoch.as_secs();
    let days = seconds / 86_400;
    let second = seconds % 86_400;
    let (year, month, day) = civil(days);
    append_digits(line, year, 4);
    line.push(b'-');
    append_digits(line, month, 2);
    line.push(b'-');
    append_digits(line, day, 2);
    line.push(b'T');
    append_digits(line, second / 3600, 2);
    line.push(b':');
    append_digits(line, second / 60 % 60, 2);
    line.push(b':');
    append_digits(line, second % 60, 2);
    line.push(b'.');
    append_digits(line, u64::from(since_epoch.subsec_micros()), 6);
    line.push(b'Z');
}

pub(crate) fn append_digits(line: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    line.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

/// Returns the date of a day since 1970 in the Gregorian calendar (Hinnant's `civil_from_days`, for
/// days after 1970).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Appends text so that it stays one line and, in JSON, one string.
pub(crate) fn append_escaped(line: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', byte]),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\t' => line.extend_from_slice(b"\\t"),
            0..=31 => line.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => line.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: u64) -> String {
        let mut line = Vec::new();
        append_time(Duration::new(seconds, 1_234_000), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(written(0), "1970-01-01T00:00:00.001234Z");
        assert_eq!(written(951_827_696), "2000-02-29T12:34:56.001234Z");
        assert_eq!(written(1_795_381_222), "2026-11-22T21:00:22.001234Z");
        assert_eq!(written(4_102_444_799), "2099-12-31T23:59:59.001234Z");
    }

    #[test]
    fn a_text_cannot_start_a_line_of_its_own() {
        let mut line = Vec::new();
        append_escaped(&mut line, "a\n\"b\"\\\u{1}é");
        assert_eq!(String::from_utf8(line).unwrap(), "a\\n\\\"b\\\"\\\\\\u0001é");
    }
}
