"""How much a process takes on at once, and how much of it one connection, one address and those without a name may have.

A call counts in three ways: for the process until its answer is in memory, for its connection and address until the answer is
sent, and, when it is a stream, for its caller. Health and reflection count for their connection only.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from urllib.parse import unquote

from souk_chassis import red
from souk_chassis.caller import Caller
from souk_chassis.refusal import Overloaded, TooManyStreams

MAX_WATCHES = 32
"""Open watches of health and streams of reflection on one connection."""
MAX_PROBES = 256
"""Calls of health with a single answer at once on one connection."""
LOG_EVERY_SECONDS = 10.0
_CRITICAL = ("critical", "critical_plus")
_LOG = logging.getLogger("souk_chassis.limits")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
K = TypeVar("K")


class Caps(Protocol):
    """The numbers; chassis.default.toml says what each is for."""

    @property
    def max_requests(self) -> int: ...  # noqa: D102

    @property
    def max_streams_per_caller(self) -> int: ...  # noqa: D102

    @property
    def max_requests_per_connection(self) -> int: ...  # noqa: D102

    @property
    def max_requests_per_peer(self) -> int: ...  # noqa: D102

    @property
    def max_unsent_bytes_per_peer(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a call comes from: its connection, and the address, or the /64 of IPv6, that shares are counted by."""

    connection: str
    address: str
    is_trusted: bool


@dataclass(slots=True, eq=False)
class Permit:
    """What one call holds; each part is given back once."""

    peer: Peer
    is_anonymous: bool
    stream_of: str | None
    background: str | None = None
    is_shared: bool = False
    is_answered: bool = False
    is_sent: bool = False
    unsent: int = field(default=0)


class Limits:
    """Counts what is in work. The event loop is its only user, so there is no lock."""

    def __init__(self, caps: Caps, proxies: Sequence[Network] = ()) -> None:
        self._caps = caps
        self._proxies = tuple(proxies)
        self._streams: Counter[str] = Counter()
        self._connections: Counter[str] = Counter()
        self._peers: Counter[str] = Counter()
        self._unsent: Counter[str] = Counter()
        self._background: Counter[tuple[str, str]] = Counter()
        self._anonymous = 0
        self._said: dict[str, tuple[float, int]] = {}
        self.requests = 0
        self.idle = asyncio.Event()
        """Set while nothing is in work."""
        self.idle.set()

    def peer(self, text: str) -> Peer:
        """Reads where a call comes from, as gRPC writes it: `ipv4:10.0.0.1:5000`, `ipv6:[2001:db8::1]:5000`."""
        host = unquote(text).partition(":")[2].rpartition(":")[0].strip("[]").partition("%")[0]
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return Peer(text, text, False)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        is_trusted = any(address in network for network in self._proxies)
        shared = address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False)
        return Peer(text, str(shared), is_trusted)

    def enter(self, peer: Peer, caller: Caller, criticality: str, *, is_streaming: bool) -> Permit:
        """Takes a slot among all requests, a share, and a stream of the caller; raises when there is none."""
        is_anonymous = caller.kind == "anonymous"
        # Services call for many others, and so do proxies.
        is_shared = caller.kind != "service" and not peer.is_trusted
        if is_shared:
            self._check_shares(peer)
        self._check_all(peer, is_anonymous=is_anonymous, is_critical=criticality in _CRITICAL)
        # Anonymous callers are distinguished by their address, or one of them could use the streams of all.
        stream_of = (peer.address if is_anonymous else caller.key) if is_streaming else None
        if stream_of is not None:
            most = self._caps.max_streams_per_caller
            if self._streams[stream_of] >= most:
                self.refused("streams_per_caller", "server.max_streams_per_caller", most, peer.address)
                raise TooManyStreams(f"at most {most} streams per caller may be open at once")
            self._streams[stream_of] += 1
        self.requests += 1
        self._anonymous += is_anonymous
        self.idle.clear()
        if is_shared:
            self._connections[peer.connection] += 1
            self._peers[peer.address] += 1
        return Permit(peer, is_anonymous, stream_of, is_shared=is_shared)

    def enter_background(self, peer: Peer, *, is_streaming: bool) -> Permit:
        """Takes one of the permits that each connection has for health and reflection, apart from everything else."""
        kind, most = ("watches", MAX_WATCHES) if is_streaming else ("probes", MAX_PROBES)
        if self._background[peer.connection, kind] >= most:
            setting = "calls of health and reflection on one connection"
            self.refused("background_per_connection", setting, most, peer.address)
            raise TooManyStreams(f"at most {most} calls of health and reflection may be open on one connection")
        self._background[peer.connection, kind] += 1
        return Permit(peer, False, None, background=kind)

    def answered(self, permit: Permit, size: int = 0) -> None:
        """Releases the slot: the response, with this size in bytes, is in memory."""
        if permit.is_answered:
            return
        permit.is_answered = True
        if permit.background is not None:
            return
        if not permit.is_sent:
            permit.unsent = size
            self._unsent[permit.peer.address] += size
        self.requests -= 1
        self._anonymous -= permit.is_anonymous
        if not self.requests:
            self.idle.set()
        if permit.stream_of is not None:
            _take(self._streams, permit.stream_of)

    def sent(self, permit: Permit) -> None:
        """Releases the share: the response is sent, or no longer wanted."""
        if permit.is_sent:
            return
        permit.is_sent = True
        self.answered(permit)
        if permit.background is not None:
            _take(self._background, (permit.peer.connection, permit.background))
            return
        _take(self._unsent, permit.peer.address, permit.unsent)
        if permit.is_shared:
            _take(self._connections, permit.peer.connection)
            _take(self._peers, permit.peer.address)

    def refused(self, cap: str, setting: str, most: int, peer: str) -> None:
        """Counts a refusal, and logs it unless this limit was logged a moment ago."""
        red.REFUSED.labels(cap).inc()
        at, count = self._said.get(cap, (0.0, 0))
        now, count = time.monotonic(), count + 1
        if at and now - at < LOG_EVERY_SECONDS:
            self._said[cap] = (at, count)
            return
        self._said[cap] = (now, 0)
        _LOG.warning(
            "refused %s: %s = %s is reached (%s refused)", peer, setting, most, count,
            extra={"cap": cap, "peer": peer, "refused": count},
        )  # fmt: skip

    def _check_shares(self, peer: Peer) -> None:
        for cap, used, most in (
            ("unsent_bytes_per_peer", self._unsent[peer.address], self._caps.max_unsent_bytes_per_peer),
            ("requests_per_connection", self._connections[peer.connection], self._caps.max_requests_per_connection),
            ("requests_per_peer", self._peers[peer.address], self._caps.max_requests_per_peer),
        ):
            if used >= most:
                self.refused(cap, f"server.max_{cap}", most, peer.address)
                raise Overloaded(f"too many requests from one address: server.max_{cap} = {most} is reached")

    def _check_all(self, peer: Peer, *, is_anonymous: bool, is_critical: bool) -> None:
        """The last tenth is for critical calls of known callers, and those without a name leave some of the rest to others."""
        all_requests = self._caps.max_requests
        ordinary = all_requests - all_requests // 10
        anonymous = ordinary - ordinary // 4
        if is_anonymous and self._anonymous >= anonymous:
            self.refused("anonymous_requests", "the anonymous part of server.max_requests", anonymous, peer.address)
            raise Overloaded("too many requests at once")
        most = all_requests if is_critical and not is_anonymous else ordinary
        if self.requests >= most:
            self.refused("requests", "server.max_requests", most, peer.address)
            raise Overloaded("too many requests at once")


def _take(counter: Counter[K], key: K, count: int = 1) -> None:
    """Counts down; who has nothing has no entry, so that the tables stay as small as the present load."""
    counter[key] -= count
    if counter[key] <= 0:
        del counter[key]
