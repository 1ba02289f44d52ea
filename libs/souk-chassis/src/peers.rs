//! Who is connected and what each uses: limits of calls and of unsent bytes for every connection
//! and every peer address, so that no peer can use up shared capacity.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;
use ipnet::IpNet;
use parking_lot::Mutex;
use souk_contract::Caller;
use tonic::Status;

use crate::caller::Identity;
use crate::caps::{self, Cap};
use crate::refusal;

/// Open watches of health and streams of reflection on one connection.
const MAX_WATCHES: usize = 32;
/// Calls of health with a single response at once on one connection.
const MAX_PROBES: usize = 256;

/// The limits; the settings of `[server]` with the same names.
pub(crate) struct Shares {
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_peer: usize,
    pub(crate) max_requests_per_connection: usize,
    pub(crate) max_requests_per_peer: usize,
    pub(crate) max_unsent_bytes_per_peer: usize,
    pub(crate) send_time: Duration,
    pub(crate) trusted_proxies: Vec<IpNet>,
}

/// All connections of the gRPC listener.
pub(crate) struct Peers {
    pub(crate) shares: Shares,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connections: usize,
    /// How many connections each address has open; an address without one has no entry.
    peers: HashMap<IpAddr, (usize, Arc<Peer>)>,
}

/// One address, or one /64 of IPv6, which is what one household or machine is given.
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    is_trusted: bool,
    /// Calls that count, from their arrival until their answer is sent.
    requests: AtomicUsize,
    /// Bytes of responses that were made and are not sent yet.
    unsent: AtomicUsize,
}

/// One connection. It is counted until the last of its calls has ended.
pub(crate) struct Connection {
    peers: Arc<Peers>,
    pub(crate) peer: Arc<Peer>,
    requests: AtomicUsize,
    watches: AtomicUsize,
    probes: AtomicUsize,
}

/// What kind of share a call holds.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Share {
    Nothing,
    Request,
    Watch,
    Probe,
}

/// One call over a connection, from its arrival until its response is sent or given up.
///
/// **Invariant:** the call's task and every unsent part of its response hold it, so its share is
/// given back when the last of them is gone, whatever way that happens.
pub(crate) struct Permit {
    connection: Arc<Connection>,
    share: AtomicU8,
    unsent: AtomicUsize,
    written: AtomicWaker,
}

impl Peers {
    pub(crate) fn new(shares: Shares) -> Arc<Self> {
        Arc::new(Peers { shares, open: Mutex::default() })
    }

    /// Takes a connection in.
    ///
    /// # Errors
    /// The cap that is reached, and its value.
    pub(crate) fn connect(
        self: &Arc<Self>,
        address: IpAddr,
    ) -> Result<Arc<Connection>, (&'static Cap, usize)> {
        let address = canonical(address);
        let mut open = self.open.lock();
        if open.connections >= self.shares.max_connections {
            return Err((&caps::CONNECTIONS, self.shares.max_connections));
        }
        let is_trusted = self.shares.trusted_proxies.iter().any(|net| net.contains(&address));
        let (connections, peer) = open.peers.entry(share_key(address)).or_insert_with(|| {
            let counts = (AtomicUsize::new(0), AtomicUsize::new(0));
            (0, Arc::new(Peer { address, is_trusted, requests: counts.0, unsent: counts.1 }))
        });
        if *connections >= self.shares.max_connections_per_peer && !is_trusted {
            return Err((&caps::CONNECTIONS_PER_PEER, self.shares.max_connections_per_peer));
        }
        *connections += 1;
        let peer = peer.clone();
        open.connections += 1;
        drop(open);
        Ok(Arc::new(Connection {
            peers: self.clone(),
            peer,
            requests: AtomicUsize::new(0),
            watches: AtomicUsize::new(0),
            probes: AtomicUsize::new(0),
        }))
    }

    /// Returns how many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.open.lock().connections
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock();
        open.connections -= 1;
        let key = share_key(self.peer.address);
        if let Some((connections, _)) = open.peers.get_mut(&key) {
            *connections -= 1;
            if *connections == 0 {
                open.peers.remove(&key);
            }
        }
    }
}

impl Permit {
    pub(crate) fn new(connection: &Arc<Connection>) -> Arc<Self> {
        Arc::new(Permit {
            connection: connection.clone(),
            share: AtomicU8::new(Share::Nothing as u8),
            unsent: AtomicUsize::new(0),
            written: AtomicWaker::new(),
        })
    }

    pub(crate) fn peer(&self) -> IpAddr {
        self.connection.peer.address
    }

    fn shares(&self) -> &Shares {
        &self.connection.peers.shares
    }

    /// Takes a share of the connection and of the peer. Services and listed proxies call for many,
    /// and need none.
    pub(crate) fn admit(&self, identity: &Identity) -> Result<(), Status> {
        let connection = &self.connection;
        let peer = &self.connection.peer;
        if peer.is_trusted || matches!(identity.caller, Caller::Service(_)) {
            return Ok(());
        }
        let shares = self.shares();
        if peer.unsent.load(Ordering::Relaxed) >= shares.max_unsent_bytes_per_peer {
            return Err(self.refuse(&caps::UNSENT_BYTES_PER_PEER, shares.max_unsent_bytes_per_peer));
        }
        if !take(&connection.requests, shares.max_requests_per_connection) {
            return Err(
                self.refuse(&caps::REQUESTS_PER_CONNECTION, shares.max_requests_per_connection)
            );
        }
        if !take(&peer.requests, shares.max_requests_per_peer) {
            connection.requests.fetch_sub(1, Ordering::Relaxed);
            return Err(self.refuse(&caps::REQUESTS_PER_PEER, shares.max_requests_per_peer));
        }
        self.hold(Share::Request);
        Ok(())
    }

    /// Takes one of the permits that each connection has for health and reflection, apart from
    /// everything else.
    pub(crate) fn admit_background(&self, is_streaming: bool) -> Result<(), Status> {
        let (taken, most, share) = if is_streaming {
            (&self.connection.watches, MAX_WATCHES, Share::Watch)
        } else {
            (&self.connection.probes, MAX_PROBES, Share::Probe)
        };
        if !take(taken, most) {
            caps::refused(&caps::BACKGROUND_PER_CONNECTION, most as u64, &self.peer());
            return Err(refusal::too_many_streams(format!(
                "at most {most} calls of health and reflection may be open on one connection"
            )));
        }
        self.hold(share);
        Ok(())
    }

    fn hold(&self, share: Share) {
        self.share.store(share as u8, Ordering::Relaxed);
    }

    fn holds(&self, share: Share) -> bool {
        self.share.load(Ordering::Relaxed) == share as u8
    }

    fn refuse(&self, cap: &'static Cap, most: usize) -> Status {
        caps::refused(cap, most as u64, &self.peer());
        refusal::overloaded(format!(
            "too many requests from one address: {} = {most} is reached",
            cap.setting
        ))
    }

    /// Counts a part of the response that waits to be sent. Returns whether the peer may have that
    /// much unsent: twice the limit for new calls, because these were admitted before.
    pub(crate) fn add_unsent(&self, bytes: usize) -> bool {
        self.unsent.fetch_add(bytes, Ordering::AcqRel);
        let before = self.connection.peer.unsent.fetch_add(bytes, Ordering::Relaxed);
        // The first is always sent, however large it is.
        before == 0
            || !self.holds(Share::Request)
            || before + bytes <= self.shares().max_unsent_bytes_per_peer.saturating_mul(2)
    }

    /// Takes back what was counted when it is written to the socket, or thrown away.
    pub(crate) fn remove_unsent(&self, bytes: usize) {
        self.connection.peer.unsent.fetch_sub(bytes, Ordering::Relaxed);
        self.unsent.fetch_sub(bytes, Ordering::AcqRel);
        self.written.wake();
    }

    /// Returns how many bytes of the response are not written yet; `waker` is woken when they
    /// become fewer.
    pub(crate) fn unsent(&self, waker: &Waker) -> usize {
        self.written.register(waker);
        self.unsent.load(Ordering::Acquire)
    }

    /// Returns how long sending this many bytes may take: the setting, and a second for every 64
    /// KiB, so that a large response passes a slow line.
    pub(crate) fn time_to_send(&self, bytes: usize) -> Duration {
        const SLOWEST_BYTES_PER_SECOND: u64 = 64 << 10;
        self.shares().send_time + Duration::from_secs(bytes as u64 / SLOWEST_BYTES_PER_SECOND)
    }

    /// Counts and logs that the caller did not take its response in time.
    pub(crate) fn send_timed_out(&self) {
        caps::refused(&caps::SEND_SECONDS, self.shares().send_time.as_secs(), &self.peer());
    }

    /// Refuses a response since the caller has left more unread than its share.
    pub(crate) fn unsent_is_too_much(&self) -> Status {
        self.refuse(&caps::UNSENT_BYTES_PER_PEER, self.shares().max_unsent_bytes_per_peer)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let connection = &self.connection;
        if self.holds(Share::Request) {
            connection.requests.fetch_sub(1, Ordering::Relaxed);
            connection.peer.requests.fetch_sub(1, Ordering::Relaxed);
        } else if self.holds(Share::Watch) {
            connection.watches.fetch_sub(1, Ordering::Relaxed);
        } else if self.holds(Share::Probe) {
            connection.probes.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn take(taken: &AtomicUsize, most: usize) -> bool {
    let is_taken = taken.fetch_add(1, Ordering::Relaxed) < most;
    if !is_taken {
        taken.fetch_sub(1, Ordering::Relaxed);
    }
    is_taken
}

/// Returns an IPv4 address as such when it is mapped into IPv6.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Returns what shares are counted by.
fn share_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(trusted_proxies: &[&str]) -> Arc<Peers> {
        Peers::new(Shares {
            max_connections: 3,
            max_connections_per_peer: 2,
            max_requests_per_connection: 2,
            max_requests_per_peer: 3,
            max_unsent_bytes_per_peer: 100,
            send_time: Duration::from_secs(30),
            trusted_proxies: trusted_proxies.iter().map(|net| net.parse().unwrap()).collect(),
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn refused_by(peers: &Arc<Peers>, address: &str) -> &'static str {
        peers.connect(ip(address)).err().expect("it is refused").0.name
    }

    #[test]
    fn connections_are_bounded_in_all_and_for_each_address() {
        let peers = peers(&[]);
        let first = peers.connect(ip("10.0.0.1")).ok().unwrap();
        let _second = peers.connect(ip("::ffff:10.0.0.1")).ok().unwrap();
        assert_eq!(refused_by(&peers, "10.0.0.1"), "connections_per_peer");
        let _other = peers.connect(ip("2001:db8::1")).ok().unwrap();
        assert_eq!(refused_by(&peers, "10.0.0.9"), "connections");
        drop(first);
        let _again = peers.connect(ip("10.0.0.1")).ok().unwrap();
        assert_eq!(peers.connections(), 3);
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer_and_a_listed_proxy_has_no_share() {
        let peers = peers(&["10.0.0.0/8"]);
        let _first = peers.connect(ip("2001:db8::1")).ok().unwrap();
        let _second = peers.connect(ip("2001:db8::2")).ok().unwrap();
        assert_eq!(refused_by(&peers, "2001:db8::3"), "connections_per_peer");

        let proxy = peers.connect(ip("10.1.2.3")).ok().unwrap();
        let permits: Vec<_> = (0..5).map(|_| Permit::new(&proxy)).collect();
        assert!(permits.iter().all(|permit| permit.admit(&Identity::anonymous()).is_ok()));
    }

    #[test]
    fn a_share_is_held_until_the_last_byte_is_gone() {
        let peers = peers(&[]);
        let connection = peers.connect(ip("10.0.0.1")).ok().unwrap();
        let anonymous = Identity::anonymous();
        let (first, second, third) =
            (Permit::new(&connection), Permit::new(&connection), Permit::new(&connection));
        first.admit(&anonymous).unwrap();
        second.admit(&anonymous).unwrap();
        assert!(
            third
                .admit(&anonymous)
                .unwrap_err()
                .message()
                .contains("server.max_requests_per_connection = 2")
        );
        // Other connections of the address have what is left of its own share.
        let other = peers.connect(ip("10.0.0.1")).ok().unwrap();
        let fourth = Permit::new(&other);
        fourth.admit(&anonymous).unwrap();
        assert!(
            Permit::new(&other)
                .admit(&anonymous)
                .unwrap_err()
                .message()
                .contains("server.max_requests_per_peer = 3")
        );
        let service = Identity::new(Caller::Service("orders".into()), Vec::new());
        third.admit(&service).unwrap();

        assert!(first.add_unsent(150), "the first is sent however large it is");
        assert!(second.add_unsent(50), "up to twice the share");
        assert!(!fourth.add_unsent(1));
        fourth.remove_unsent(1);
        drop(fourth);
        assert!(
            Permit::new(&other)
                .admit(&anonymous)
                .unwrap_err()
                .message()
                .contains("max_unsent_bytes_per_peer = 100")
        );
        first.remove_unsent(150);
        second.remove_unsent(50);
        drop((first, second));
        Permit::new(&other).admit(&anonymous).unwrap();
    }

    #[test]
    fn health_has_permits_of_its_own() {
        let peers = peers(&[]);
        let connection = peers.connect(ip("10.0.0.1")).ok().unwrap();
        let watches: Vec<_> = (0..MAX_WATCHES).map(|_| Permit::new(&connection)).collect();
        assert!(watches.iter().all(|permit| permit.admit_background(true).is_ok()));
        assert!(Permit::new(&connection).admit_background(true).is_err());
        Permit::new(&connection).admit_background(false).unwrap();
        Permit::new(&connection).admit(&Identity::anonymous()).unwrap();
        drop(watches);
        Permit::new(&connection).admit_background(true).unwrap();
    }
}
