//! `souk events tail`: the events of a shop as they happen.

use std::io::Write as _;
use std::time::Duration;

use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec};
use souk_chassis::{Channel, StartError};
use souk_client::events::v1 as pb;
use souk_client::events::v1::event_service_client::EventServiceClient;
use souk_client::events::v1::start_position::Start;
use souk_client::events::v1::subscribe_request::Request;
use souk_types::{Clock, Timestamp};
use tokio_stream::StreamExt as _;
use tonic::Code;

use super::readable::Printer;
use crate::connect;

/// How long to wait before reconnecting to a shop.
const AGAIN: Duration = Duration::from_secs(1);

/// How often it polls whether the output is still open.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Shows events as they happen, one per line; Ctrl-C ends it.
///
/// It tails the log: it creates no subscription and acknowledges nothing. Fields that the contract
/// redacts are left out. On a terminal each line is cut to its width; with `--json`, or into a file
/// or another program, it is complete.
///
///   souk events tail --type souk.orders.v1.OrderPlaced --from 1h
///   souk events tail --from earliest --json | jq .type
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Tail {
    /// The address of the shop.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7300")]
    to: String,
    /// Only these types: a full name, or a package with `.*`; may be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Where to begin: latest, earliest, a time (2026-11-22T10:00:00Z) or how long ago (90s, 15m,
    /// 2h, 1d).
    #[arg(long, value_name = "WHEN", default_value = "latest", value_parser = parse_from)]
    from: Start,
    /// Prints CloudEvents in JSON, one per line, for other programs.
    #[arg(long)]
    json: bool,
    /// Ends after this many events.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
}

impl Tail {
    /// Prints until it is interrupted, the limit is reached or the output is closed.
    pub async fn run(self) -> Result<(), StartError> {
        let mut printer = Printer::new(self.json);
        let shop = connect::to(&self.to, "events-tail")?;
        let mut start = pb::SubscribeStart {
            event_types: self.types.clone(),
            start_position: Some(pb::StartPosition { start: Some(self.from) }),
            ..pb::SubscribeStart::default()
        };
        let mut left = self.limit.unwrap_or(u64::MAX);
        let mut has_read = false;
        while left > 0 {
            let outcome = tokio::select! {
                outcome = read(&shop, &start, &mut printer, &mut left, &mut has_read) => outcome,
                _ = tokio::signal::ctrl_c() => return Ok(()),
                () = closed_output() => return Ok(()),
            };
            let status = match outcome {
                Ok(()) => return Ok(()),
                Err(status) => status,
            };
            // Reconnects to a shop that restarts; a shop that was never reachable is an error.
            if status.code() != Code::Unavailable || !has_read {
                return Err(connect::failure("events", &status));
            }
            eprintln!(
                "lost the connection to the shop ({}); reconnecting; some events may be missing",
                status.message()
            );
            start.start_position = Some(pb::StartPosition { start: Some(latest()) });
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = closed_output() => return Ok(()),
            }
        }
        Ok(())
    }
}

/// Waits until the reader of the output is gone, as after `| head`, even while there is nothing to
/// write.
async fn closed_output() {
    const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        let stdout = std::io::stdout();
        let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
        if rustix::event::poll(&mut polled, Some(&AT_ONCE)).is_ok()
            && polled[0].revents().contains(PollFlags::ERR)
        {
            return;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Prints the events of one stream. Ok when no more are wanted.
async fn read(
    shop: &Channel,
    start: &pb::SubscribeStart,
    printer: &mut Printer,
    left: &mut u64,
    has_read: &mut bool,
) -> Result<(), tonic::Status> {
    let start = pb::SubscribeRequest { request: Some(Request::Start(start.clone())) };
    // The request stream stays open: its end would end the subscription.
    let requests = tokio_stream::once(start).chain(tokio_stream::pending());
    let mut bus = EventServiceClient::new(shop.clone());
    let mut stream = bus.subscribe(requests).await?.into_inner();
    while let Some(response) = stream.message().await? {
        *has_read = true;
        for delivery in response.deliveries {
            let event_type = delivery.event.as_ref().map_or("", |event| event.r#type.as_str());
            printer.learn(shop, event_type).await;
            // A closed pipe, as of `| head`, is not a failure.
            if writeln!(std::io::stdout(), "{}", printer.line(&delivery)).is_err() {
                return Ok(());
            }
            *left -= 1;
            if *left == 0 {
                return Ok(());
            }
        }
        if std::io::stdout().flush().is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn earliest() -> Start {
    Start::Boundary(pb::LogBoundary::Earliest.into())
}

fn latest() -> Start {
    Start::Boundary(pb::LogBoundary::Latest.into())
}

/// Reads `latest`, `earliest`, a time or how long ago, for clap.
fn parse_from(text: &str) -> Result<Start, String> {
    const ALLOWED: &str = "must be latest, earliest, a time such as 2026-11-22T10:00:00Z, or how long ago: 90s, 15m, 2h, 1d";
    /// The first second of the year 1.
    const FIRST_SECOND: i64 = -62_135_596_800;
    const CALENDAR: &str = "must be a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z";
    match text {
        "latest" => return Ok(latest()),
        "earliest" => return Ok(earliest()),
        _ => {}
    }
    let seconds = |unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(60 * 60),
        'd' => Some(24 * 60 * 60),
        _ => None,
    };
    let ago = text.char_indices().last().and_then(|(at, unit)| {
        let number: u64 = text[..at].parse().ok()?;
        number.checked_mul(seconds(unit)?)
    });
    match ago {
        Some(seconds) => {
            let now = Clock::system().now();
            let time = now.minus(Duration::from_secs(seconds)).into();
            let longest = now.as_micros() / 1_000_000 - FIRST_SECOND;
            let days = longest / (24 * 60 * 60);
            Timestamp::try_from(time).map_err(|_| format!("{CALENDAR}, at most {days}d ago"))?;
            Ok(Start::PublishTime(time))
        }
        None => {
            let time: prost_types::Timestamp = text.parse().map_err(|_| ALLOWED.to_owned())?;
            Timestamp::try_from(time).map_err(|_| CALENDAR.to_owned())?;
            Ok(Start::PublishTime(time))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_named_timed_or_counted_back() {
        assert_eq!(parse_from("latest"), Ok(latest()));
        assert_eq!(parse_from("earliest"), Ok(earliest()));
        let Ok(Start::PublishTime(time)) = parse_from("2026-11-22T10:00:00Z") else { panic!() };
        assert_eq!(time.to_string(), "2026-11-22T10:00:00Z");
        let (Ok(Start::PublishTime(hour)), Ok(Start::PublishTime(minutes))) =
            (parse_from("1h"), parse_from("60m"))
        else {
            panic!()
        };
        assert!((hour.seconds - minutes.seconds).abs() <= 1);
        for wrong in [
            "",
            "yesterday",
            "h",
            "-1h",
            "1w",
            "99999999999999999999d",
            "10000-01-01T00:00:00Z",
            "é",
        ] {
            assert!(parse_from(wrong).unwrap_err().starts_with("must be latest"), "{wrong}");
        }
    }

    #[test]
    fn a_start_outside_the_calendar_is_refused_with_what_is_allowed() {
        for wrong in ["999999d", "99999999999999999s", "0000-01-01T00:00:00Z"] {
            let error = parse_from(wrong).unwrap_err();
            assert!(
                error.starts_with("must be a time from 0001-01-01T00:00:00Z"),
                "{wrong}: {error}"
            );
        }
        assert!(parse_from("700000d").is_ok());
    }
}
