//! Where an order's time goes, by the shop's own metrics and those of the process.

use std::{collections::BTreeMap, fs, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What one clock tick of /proc/self/stat is, on every Linux there is.
const TICK_MILLISECONDS: f64 = 10.0;

/// How often something happened, and what it came to.
#[derive(Clone, Copy, Default)]
struct Sum {
    count: f64,
    total: f64,
}

/// What was measured until one moment.
pub struct Measures {
    /// Seconds of calls served, by method.
    calls: BTreeMap<String, Sum>,
    /// Writes in commits, by database.
    commits: BTreeMap<String, Sum>,
    /// Of the whole process: the shop and its callers.
    processor_milliseconds: f64,
    /// Of the whole process: what it handed to the file system.
    written_bytes: f64,
}

impl Measures {
    /// Reads the metrics of a shop that runs in this process.
    pub async fn take(address: SocketAddr) -> Measures {
        let mut stream = TcpStream::connect(address).await.expect("the metrics are served");
        let request =
            format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request is sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("metrics are text");
        Measures {
            calls: sums(&text, "rpc_server_call_duration_seconds", "rpc_method"),
            commits: sums(&text, "souk_data_commit_writes", "database"),
            processor_milliseconds: processor_milliseconds(),
            written_bytes: written_bytes(),
        }
    }

    /// Prints what an order cost since then. The time of a call has in it what it waited for: the
    /// disk, other calls, and the calls that it made itself.
    pub async fn print_since(&self, address: SocketAddr, orders: u64) {
        let orders = orders as f64;
        let now = Measures::take(address).await;
        println!(
            "  an order, with its caller: {:.2} ms of processor, {:.0} KiB written",
            (now.processor_milliseconds - self.processor_milliseconds) / orders,
            (now.written_bytes - self.written_bytes) / orders / 1024.0,
        );
        for (database, sum) in since(&self.commits, &now.commits) {
            println!(
                "    {database:<52} {:>5.2} commits an order, of {:.1} writes",
                sum.count / orders,
                sum.total / sum.count
            );
        }
        for (method, sum) in since(&self.calls, &now.calls) {
            if sum.count > orders / 10.0 {
                println!(
                    "    {method:<52} {:>5.2} calls an order, of {:.2} ms",
                    sum.count / orders,
                    sum.total / sum.count * 1e3
                );
            }
        }
    }
}

fn since(before: &BTreeMap<String, Sum>, now: &BTreeMap<String, Sum>) -> Vec<(String, Sum)> {
    let difference = |(name, sum): (&String, &Sum)| {
        let before = before.get(name).copied().unwrap_or_default();
        (name.clone(), Sum { count: sum.count - before.count, total: sum.total - before.total })
    };
    now.iter().map(difference).filter(|(_, sum)| sum.count > 0.0).collect()
}

/// Reads `name_sum{label="…",…} 12.5` and `name_count{…} 3`, added up by label.
fn sums(text: &str, name: &str, label: &str) -> BTreeMap<String, Sum> {
    let total = format!("{name}_sum{{");
    let count = format!("{name}_count{{");
    let mut sums = BTreeMap::<String, Sum>::new();
    for line in text.lines() {
        let rest = line.strip_prefix(&total).or_else(|| line.strip_prefix(&count));
        let Some((labels, value)) = rest.and_then(|rest| rest.rsplit_once("} ")) else { continue };
        let Some((_, value_of_label)) = labels.split_once(&format!("{label}=\"")) else { continue };
        let Some((key, _)) = value_of_label.split_once('"') else { continue };
        let value: f64 = value.parse().expect("a metric is a number");
        let sum = sums.entry(key.to_owned()).or_default();
        if line.starts_with(&total) { sum.total += value } else { sum.count += value }
    }
    sums
}

fn processor_milliseconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may hold anything; user and system time are the 12th
    // and 13th field after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks * TICK_MILLISECONDS
}

fn written_bytes() -> f64 {
    let io = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    bytes.and_then(|bytes| bytes.parse().ok()).unwrap_or_default()
}
