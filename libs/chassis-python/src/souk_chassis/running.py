"""A service that runs, from its settings to its drain."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import resource
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from souk.ops.v1.invariant_service_pb2_grpc import add_InvariantServiceServicer_to_server

from souk_chassis import channel, config, log, red, trace
from souk_chassis.caller import Caller
from souk_chassis.channel import Channel, Outgoing
from souk_chassis.config import ChassisSettings, ConfigError
from souk_chassis.decoding import DecodingBudget
from souk_chassis.definition import Definition, StartError
from souk_chassis.drain import Drain
from souk_chassis.health import Board, follow
from souk_chassis.host import Host
from souk_chassis.identity import Verifier, development_token
from souk_chassis.incoming import Incoming, Process
from souk_chassis.invariants import InvariantRpc
from souk_chassis.limits import Limits
from souk_chassis.methods import ServiceError, table
from souk_chassis.metrics_server import Pages
from souk_chassis.relay import Relay
from souk_chassis.request_log import RequestLog
from souk_chassis.service import Service, Worker
from souk_chassis.store import Store, StoreError
from souk_chassis.worker import keep_running

WORKERS_TIMEOUT_SECONDS = 10.0
PURGE_EVERY_SECONDS = 600.0
READY_PATIENCE_SECONDS = 2.0
FAREWELL_SECONDS = 0.1
_LOG = logging.getLogger("souk_chassis.running")
# What gRPC itself refuses has no ErrorInfo; up to so much beyond the largest limit of a method we refuse ourselves.
_SLACK_BYTES = 128 << 10
# How long a connection may take until it has said that it speaks HTTP/2.
PREFACE_SECONDS = 10.0
# File descriptors that callers never get: the database, upstreams and the pages need some too.
_MAX_RESERVED_DESCRIPTORS = 64
# Bits of gRPC's algorithms: none, and gzip, which is handed over as it is and refused by us with a reason.
_COMPRESSIONS = 1 << 0 | 1 << 2


def _server_options(most: int, connections: int) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # Two processes on one port are a mistake, not a balance.
        ("grpc.max_receive_message_length", most + _SLACK_BYTES),
        ("grpc.max_send_message_length", 16 << 20),
        ("grpc.max_concurrent_streams", 2000),
        # More than is read, so that what is too much is refused by us with a reason.
        ("grpc.max_metadata_size", 64 << 10),
        ("grpc.absolute_max_metadata_size", 64 << 10),
        # What a caller may send before it is read.
        ("grpc.http2.lookahead_bytes", 256 << 10),
        ("grpc.server_handshake_timeout_ms", int(PREFACE_SECONDS * 1000)),
        ("grpc.max_allowed_incoming_connections", connections),
        ("grpc.per_message_decompression", 0),
        ("grpc.compression_enabled_algorithms_bitset", _COMPRESSIONS),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.http2.max_ping_strikes", 0),
    ]


class Running:
    """A service that runs. `drain` it: nothing else stops its tasks."""

    def __init__(self, name: str, settings: ChassisSettings) -> None:
        self.name = name
        self.address = ""
        """Where gRPC is served."""
        self.metrics_address = ""
        """Where /metrics, /healthz and /readyz are served."""
        self.drain_signal = Drain()
        self.registry = CollectorRegistry()
        self._settings = settings
        self._outgoing = Outgoing(
            red.Calls("rpc_client_call_duration_seconds"), trace.Spans(name, settings.telemetry.otlp_endpoint)
        )
        proxies = [ipaddress.ip_network(text) for text in settings.server.trusted_proxies]
        self._limits = Limits(settings.server, proxies)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._host = Host(name, settings.data_dir, self.drain_signal, self._channel)
        self._service = Service()
        self._board = Board([])
        self._server: grpc.aio.Server | None = None
        self._pages: asyncio.Server | None = None

    def channel(self, upstream: str) -> Channel:
        """Returns the way to an upstream, as the service's own `host.channel` does."""
        return self._host.channel(upstream)

    @property
    def is_ready(self) -> bool:
        """Returns whether the service says that it can do its work."""
        return self._board.is_ready()

    def _channel(self, upstream: str) -> Channel:
        settings = self._settings
        own, key = Caller("service", self.name), settings.identity.development_key
        token = development_token(own, settings.identity.own_scopes(), key)
        return Channel(upstream, settings.upstreams.get(upstream, ""), token, self._outgoing)

    async def _start(self, definition: Definition[Any], own: Any) -> None:
        settings = self._settings
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._service = service = await definition.build(own, self._host)
        self._board = Board(list(service.servicers))
        _add_invariants(self.name, service)
        calls = red.Calls("rpc_server_call_duration_seconds")
        process = Process(
            methods=table(service, self._board, settings.server.max_message_bytes),
            verifier=Verifier(settings.identity.development_key, is_loopback=is_loopback(settings.server.listen)),
            limits=self._limits,
            decoding=DecodingBudget(settings.server.max_decoding_bytes, settings.server.max_message_bytes),
            send_seconds=settings.server.send_seconds,
            drain=self.drain_signal,
            calls=calls,
            spans=self._outgoing.spans,
            requests=RequestLog(settings.log.format),
        )
        self._register(calls)
        await self._bind(process)
        self._background()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._board.ready(), READY_PATIENCE_SECONDS)
        if settings.server.ready_file:
            _write_whole(Path(settings.server.ready_file), f"grpc={self.address}\nmetrics={self.metrics_address}\n")
        _LOG.info("%s serves on %s, metrics on %s", self.name, self.address, self.metrics_address)

    async def _bind(self, process: Process) -> None:
        server = self._settings.server
        largest = max(method.max_request_bytes for method in process.methods.values())
        options = _server_options(largest, min(server.max_connections, free_descriptors()))
        self._server = grpc.aio.server(handlers=[Incoming(process)], options=options)
        host, _, _ = server.listen.rpartition(":")
        try:
            self.address = f"{host}:{self._server.add_insecure_port(server.listen)}"
        except RuntimeError as error:
            raise StartError(f"server.listen: cannot listen on {server.listen}: it is in use or not of this machine") from error
        host, _, port = server.metrics_listen.rpartition(":")
        try:
            pages = Pages(self.registry, self._board.is_ready, lambda: self._board.why)
            self._pages = await pages.serve(host.strip("[]"), int(port))
        except OSError as error:
            why = error.strerror or str(error)
            raise StartError(f"server.metrics_listen: cannot listen on {server.metrics_listen}: {why}") from error
        self.metrics_address = f"{host}:{self._pages.sockets[0].getsockname()[1]}"
        await self._server.start()

    def _register(self, calls: red.Calls) -> None:
        for collector in (red.REGISTRY, calls, self._outgoing.calls, _Dropped()):
            self.registry.register(collector)
        in_work = Gauge("souk_requests_in_work", "Requests and streams in work now.", registry=self.registry)
        in_work.set_function(lambda: self._limits.requests)

    def _background(self) -> None:
        service, drain = self._service, self.drain_signal
        self._spawn("health", follow(self.name, service.is_ready, self._board, drain))
        workers = list(service.workers)
        for subscription in service.subscriptions:
            workers.append(Worker(f"subscription-{subscription.name}", partial(subscription.run, self.channel("events"))))
        for store in service.stores:
            workers.append(Worker(f"relay-{store.path.stem}", Relay(self.name, store, self.channel("events")).run))
            workers.append(Worker(f"purge-{store.path.stem}", partial(_purge, store)))
        for worker in workers:
            self._spawn(worker.name, keep_running(self.name, worker, drain))

    def _spawn(self, name: str, work: Any) -> None:
        self._tasks[f"{self.name}/{name}"] = asyncio.create_task(work)

    async def drain(self) -> None:
        """Stops: says NOT_SERVING, ends streams with UNAVAILABLE, finishes requests and workers, closes stores, writes the log.

        Raises StartError with the names of what had not ended when the time was over.
        """
        await self._board.stop()
        self.drain_signal.start()
        late: list[str] = []
        until = time.monotonic() + self._settings.server.drain_seconds
        if self._server is not None:
            # Callers that do not know of the drain yet get DRAINING; gRPC's own stop would cut off
            # calls that it has not seen.
            await asyncio.sleep(FAREWELL_SECONDS)
            stopping = asyncio.create_task(self._server.stop(self._settings.server.drain_seconds))
            try:
                await asyncio.wait_for(self._limits.idle.wait(), self._settings.server.drain_seconds)
            except TimeoutError:
                late.append(f"{self._limits.requests} requests")
            await stopping
        # Workers were signalled at the same time, and may take longer than the last request.
        until = max(until, time.monotonic() + WORKERS_TIMEOUT_SECONDS)
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks.values(), timeout=max(0.0, until - time.monotonic()))
            late += [name for name, task in self._tasks.items() if task in pending]
            for task in pending:
                task.cancel()
        for store in self._service.stores:
            await store.close()
        await self._host.close()
        if self._pages is not None:
            self._pages.close()
        await asyncio.to_thread(self._outgoing.spans.stop)
        if late:
            raise StartError(f"did not end in time: {', '.join(late)}")


async def start(definition: Definition[Any], file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Running:
    """Starts a service: configure, telemetry, build, bind, serve. Raises ConfigError or StartError."""
    read = config.load(definition.name, definition.default_config, definition.config, file, overrides or {})
    settings = read.chassis
    try:
        log.start(settings.log.format, settings.log.level)
    except ValueError as error:
        raise ConfigError(f"log.level = {settings.log.level!r}: {error}") from error
    for name, why in channel.upstreams(settings.upstreams):
        raise ConfigError(f"upstreams.{name} = {settings.upstreams[name]!r}: {why}")
    if settings.telemetry.otlp_endpoint and not settings.telemetry.otlp_endpoint.startswith(("http://", "https://")):
        endpoint = settings.telemetry.otlp_endpoint
        raise ConfigError(f"telemetry.otlp_endpoint = {endpoint!r}: must be like http://127.0.0.1:4317")
    running = Running(definition.name, settings)
    try:
        await running._start(definition, read.own)
    except (StoreError, ServiceError, OSError) as error:
        await running.drain()
        raise StartError(str(error)) from error
    except BaseException:
        await running.drain()
        raise
    return running


def free_descriptors() -> int:
    """Returns how many file descriptors connections may have, so that some are left for everything else."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptors = Path("/proc/self/fd")
    if most == resource.RLIM_INFINITY or not descriptors.exists():
        return 1_000_000
    free = most - len(list(descriptors.iterdir()))
    return max(1, free - min(_MAX_RESERVED_DESCRIPTORS, free // 2))


def is_loopback(listen: str) -> bool:
    """Returns whether only this machine can reach the address."""
    return ipaddress.ip_address(listen.rpartition(":")[0].strip("[]")).is_loopback


def _add_invariants(name: str, service: Service) -> None:
    """Serves the check of the service, as every process does."""
    if service.check is not None:
        service.rpc(add_InvariantServiceServicer_to_server, InvariantRpc(name, service.check))
    elif service.servicers:
        raise StartError(f"{name} says nothing of its invariants (Service.invariants)")


async def _purge(store: Store, drain: Drain) -> None:
    while await drain.pause(PURGE_EVERY_SECONDS):
        await store.purge()


def _write_whole(path: Path, text: str) -> None:
    """Writes a file so that no reader ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


class _Dropped(Collector):
    """Shows how many log lines found no room."""

    def collect(self) -> list[CounterMetricFamily]:
        family = CounterMetricFamily(
            "souk_log_writes_dropped", "Log lines dropped because the queue was full.", value=log.SINK.dropped
        )
        return [family]
