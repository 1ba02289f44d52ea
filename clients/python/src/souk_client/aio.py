"""A channel of `grpc.aio` with what the contract asks of callers built in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import grpc
import grpc.aio

from souk_client.calling import Calling
from souk_client.error import SoukError


class AioChannel(grpc.aio.Channel):
    """Carries the generated stubs; leave its `async with` block, or await `close()`, when all is said."""

    def __init__(self, inner: grpc.aio.Channel, token: str) -> None:
        self._inner = inner
        self._token = token

    def unary_unary(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method with one message each way."""
        return self._method(method, self._inner.unary_unary(method, *serializers, **options))

    def stream_unary(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method to which messages are streamed."""
        return self._method(method, self._inner.stream_unary(method, *serializers, **options))

    def unary_stream(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method that streams its answers."""
        return self._method(method, self._inner.unary_stream(method, *serializers, **options))

    def stream_stream(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method with streams both ways."""
        return self._method(method, self._inner.stream_stream(method, *serializers, **options))

    def _method(self, method: str, inner: Any) -> Callable[..., _Call]:
        calling = Calling(method, self._token)

        def call(*requests: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> _Call:
            return _Call(inner(*requests, **calling.options(timeout, metadata), **options))

        return call

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Returns the state of the connection."""
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Waits until the state is another."""
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Waits until the shop is connected."""
        await self._inner.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        """Ends the connection; calls that are under way fail, after `grace` seconds when it is given."""
        await self._inner.close(grace)

    async def __aenter__(self) -> AioChannel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class _Call:
    """A call that is under way: all that gRPC's own can do, with failures as SoukError."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __await__(self) -> Generator[Any, None, Any]:
        return _converted(self._inner).__await__()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._messages()

    async def _messages(self) -> AsyncIterator[Any]:
        try:
            async for message in self._inner:
                yield message
        except grpc.RpcError as error:
            raise SoukError.of(error) from error

    async def read(self) -> Any:
        return await _converted(self._inner.read())

    async def write(self, request: Any) -> None:
        await _converted(self._inner.write(request))

    async def done_writing(self) -> None:
        await _converted(self._inner.done_writing())

    async def wait_for_connection(self) -> None:
        await _converted(self._inner.wait_for_connection())


async def _converted(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except grpc.RpcError as error:
        raise SoukError.of(error) from error
