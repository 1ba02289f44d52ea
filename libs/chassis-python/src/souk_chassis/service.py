"""What a service is made of, in the order in which a reader wants to know it: RPCs, workers, subscriptions, readiness."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import grpc
from google.protobuf.message import Message

from souk_chassis.drain import Drain
from souk_chassis.events import Handler, Subscription
from souk_chassis.health import Ready
from souk_chassis.invariants import Check
from souk_chassis.store import Store

Work = Callable[[Drain], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Worker:
    """A task that runs from the start until the drain."""

    name: str
    run: Work


class Service:
    """One service, assembled: what the `build` of a Definition returns."""

    def __init__(self) -> None:
        self.servicers: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {}
        self.workers: list[Worker] = []
        self.subscriptions: list[Subscription] = []
        self.stores: list[Store] = []
        self.is_ready: Ready | None = None
        self.check: Check | None = None

    def rpc(self, add: Callable[..., None], servicer: object) -> Service:
        """Adds a servicer by its generated function: `rpc(add_OrderServiceServicer_to_server, OrderRpc())`.

        Its methods are `async def`; those that stream their answers are async generators.
        """
        add(servicer, _Collector(self.servicers))
        return self

    def worker(self, name: str, run: Work) -> Service:
        """Adds a task that runs from the start until the drain, which it must heed, and is waited for.

        When it raises it is logged and started again, later every time. Ending well is not a failure.
        """
        self.workers.append(Worker(name, run))
        return self

    def subscription(
        self,
        name: str,
        store: Store,
        handlers: Mapping[type[Message], Handler],
        *,
        start: Literal["earliest", "latest"] = "latest",
        max_outstanding: int = 1000,
        ack_deadline_seconds: int | None = None,
        max_attempts: int | None = None,
        committed: Callable[[int], None] | None = None,
        ignored: Sequence[str] = (),
    ) -> Service:
        """Adds a lasting subscription to the bus (upstream `events`) with a handler for each type of event.

        A handler is a plain function `(tx, event, delivery)`. It runs in one transaction of `store` with the record that
        the event was handled, so its effect happens once. `start` is where the subscription begins when it is new. After each
        COMMIT `committed` is called on the event loop with the number of events.

        A new version of the service that handles more types adds them to the subscription. It takes none away, since another
        version may still need them: a type that is not handled any more is listed in `ignored`, and its events are
        acknowledged.
        `max_attempts` counts when the subscription is new.
        """
        self.subscriptions.append(
            Subscription(
                name, store, handlers, start=start, max_outstanding=max_outstanding,
                ack_deadline_seconds=ack_deadline_seconds, max_attempts=max_attempts, committed=committed,
                ignored=ignored,
            )
        )  # fmt: skip
        return self

    def invariants(self, check: Check) -> Service:
        """Sets what checks the invariants of the service: it reads the records and returns a `Report`.

        The process offers it as souk.ops.v1.InvariantService. A service with RPCs does not start without it.
        """
        self.check = check
        return self

    def ready(self, check: Ready) -> Service:
        """Sets what must not raise for the service to count as healthy; it is asked every second."""
        self.is_ready = check
        return self

    def store(self, store: Store) -> Service:
        """Hands over a store: old records are purged, its outbox is published, and it is closed after the drain."""
        self.stores.append(store)
        return self


class _Collector:
    """Stands where generated code expects a server, and takes what it registers."""

    def __init__(self, servicers: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]]) -> None:
        self._servicers = servicers

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Passes over what `add_registered_method_handlers` brings with names."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        if service in self._servicers:
            raise ValueError(f"{service} is registered twice")
        self._servicers[service] = handlers
