//! The output of a service in another language, written between our own lines, with its name.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Longer lines are split: a line is kept in memory until it ends.
const LONGEST_LINE: u64 = 64 << 10;

/// Where its lines go.
#[derive(Clone)]
pub struct Output {
    name: String,
    is_json: bool,
    last: Arc<Mutex<String>>,
}

impl Output {
    /// Returns the output of a service; in JSON its name becomes a field, otherwise it precedes the
    /// line.
    pub fn new(name: &str, is_json: bool) -> Output {
        Output { name: name.to_owned(), is_json, last: Arc::default() }
    }

    /// Writes one line.
    pub fn line(&self, text: &str) {
        text.clone_into(&mut self.last.lock().expect("nobody panics with it"));
        let name = &self.name;
        if !self.is_json {
            // In one write, so that other lines do not get in between. A closed stderr is ignored.
            let _ = std::io::stderr().lock().write_all(format!("{name} | {text}\n").as_bytes());
            return;
        }
        match text.strip_prefix('{').filter(|_| text.ends_with('}')) {
            Some(fields) => {
                let line = format!("{{\"service\":\"{name}\",{fields}\n");
                let _ = std::io::stderr().lock().write_all(line.as_bytes());
            }
            None => tracing::info!(service = name, "{text}"),
        }
    }

    /// Returns the last line, which says why a process did not start.
    pub fn last(&self) -> String {
        self.last.lock().expect("nobody panics with it").clone()
    }
}

/// Writes every line of a pipe until it is closed.
pub async fn follow(pipe: impl AsyncRead + Unpin, output: Output) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                let text = text.trim_end();
                if !text.is_empty() {
                    output.line(text);
                }
            }
        }
    }
}
