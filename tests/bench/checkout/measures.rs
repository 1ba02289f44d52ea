//! Where an order's time goes, by the shop's own metrics.

use std::{collections::BTreeMap, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const SUM: &str = "rpc_server_call_duration_seconds_sum{";
const COUNT: &str = "rpc_server_call_duration_seconds_count{";

/// Calls served and the seconds they took, by method, at one moment.
pub struct Measures(BTreeMap<String, (f64, f64)>);

impl Measures {
    /// Reads the metrics of a running shop.
    pub async fn take(address: SocketAddr) -> Measures {
        let mut stream = TcpStream::connect(address).await.expect("the metrics are served");
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("a request is sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("metrics are text");
        let mut measures = BTreeMap::<_, (f64, f64)>::new();
        for line in text.lines() {
            let [sum, count] = [SUM, COUNT].map(|name| line.strip_prefix(name).and_then(read));
            if let Some((method, seconds)) = sum {
                measures.entry(method).or_default().1 += seconds;
            }
            if let Some((method, calls)) = count {
                measures.entry(method).or_default().0 += calls;
            }
        }
        Measures(measures)
    }

    /// Prints how often each method was called for an order since then, and how long a call took: waiting for the disk and
    /// for other calls is in it, and so are the calls that it made itself.
    pub async fn print_since(&self, address: SocketAddr, orders: u64) {
        println!("  calls an order, and the mean time of one");
        for (method, (calls, seconds)) in Measures::take(address).await.0 {
            let (calls_before, seconds_before) = self.0.get(&method).copied().unwrap_or_default();
            let calls = calls - calls_before;
            if calls > orders as f64 / 10.0 {
                let milliseconds = (seconds - seconds_before) / calls * 1e3;
                println!("    {method:<52} {:>5.2} {milliseconds:>9.2} ms", calls / orders as f64);
            }
        }
    }
}

/// Reads `rpc_method="…",…} 12.5`.
fn read(labels: &str) -> Option<(String, f64)> {
    let (labels, value) = labels.rsplit_once("} ")?;
    let method = labels.split('"').find(|label| label.contains("/") || label.contains('.'))?;
    Some((method.to_owned(), value.parse().ok()?))
}
