"""A small shop that follows a script, made from the generated servicers and served over real gRPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from souk.events.v1 import events_service_pb2_grpc as events
from souk.orders.v1 import order_service_pb2 as pb
from souk.orders.v1 import order_service_pb2_grpc as orders

# Not a secret: a key for 127.0.0.1 and these tests only.
TLS = Path(__file__).with_name("tls")
Method = Callable[[Any, grpc.ServicerContext], Any]


@dataclass
class Seen:
    """One call, as the server saw it."""

    method: str
    headers: dict[str, str | bytes]
    remaining: float | None
    request: Any


@dataclass
class Script(orders.OrderServiceServicer, events.EventServiceServicer):
    """Answers as scripted, and records its requests."""

    get: Method = lambda request, context: pb.GetOrderResponse()
    place: Method = lambda request, context: pb.PlaceOrderResponse()
    listing: Method = lambda request, context: pb.ListOrdersResponse()
    watching: Method = lambda request, context: iter(())
    subscribing: Method = lambda requests, context: iter(())
    seen: list[Seen] = field(default_factory=list)

    def GetOrder(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer(self.get, "GetOrder", request, context)

    def PlaceOrder(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer(self.place, "PlaceOrder", request, context)

    def ListOrders(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._answer(self.listing, "ListOrders", request, context)

    def WatchOrder(self, request: Any, context: grpc.ServicerContext) -> Any:
        yield from self._answer(self.watching, "WatchOrder", request, context)

    def Subscribe(self, request: Any, context: grpc.ServicerContext) -> Any:
        yield from self._answer(self.subscribing, "Subscribe", request, context)

    def _answer(self, script: Method, method: str, request: Any, context: grpc.ServicerContext) -> Any:
        self.seen.append(Seen(method, dict(context.invocation_metadata()), context.time_remaining(), request))
        return script(request, context)


@contextmanager
def served(script: Script, *, tls: bool = False) -> Iterator[str]:
    """Serves a script; gives its address."""
    server = grpc.server(ThreadPoolExecutor(8))
    orders.add_OrderServiceServicer_to_server(script, server)
    events.add_EventServiceServicer_to_server(script, server)
    if tls:
        pair = [((TLS / "key.pem").read_bytes(), (TLS / "certificate.pem").read_bytes())]
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def refuse(context: grpc.ServicerContext, code: StatusCode, text: str, *details: Message, pushback: str = "") -> Any:
    """Ends a call as Souk's services do: with a code and google.rpc details."""
    packed = []
    for detail in details:
        each = Packed()
        each.Pack(detail)
        packed.append(each)
    status = Status(code=code.value[0], message=text, details=packed)
    trailers: list[tuple[str, str | bytes]] = [("grpc-status-details-bin", status.SerializeToString())]
    if pushback:
        trailers.append(("grpc-retry-pushback-ms", pushback))
    context.set_trailing_metadata(tuple(trailers))
    context.abort(code, text)
