"""A channel of `grpc` with what the contract asks of callers built in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc

from souk_client.calling import Calling
from souk_client.error import SoukError


class Channel(grpc.Channel):
    """Carries the generated stubs; leave its `with` block, or call `close()`, when all is said."""

    def __init__(self, inner: grpc.Channel, token: str) -> None:
        self._inner = inner
        self._token = token

    def unary_unary(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method with one message each way."""
        return _Method(self._inner.unary_unary(method, *serializers, **options), Calling(method, self._token))

    def stream_unary(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method to which messages are streamed."""
        return _Method(self._inner.stream_unary(method, *serializers, **options), Calling(method, self._token))

    def unary_stream(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method that streams its answers."""
        return _streaming(self._inner.unary_stream(method, *serializers, **options), Calling(method, self._token))

    def stream_stream(self, method: str, *serializers: Any, **options: Any) -> Any:
        """Returns what calls a method with streams both ways."""
        return _streaming(self._inner.stream_stream(method, *serializers, **options), Calling(method, self._token))

    def subscribe(self, callback: Callable[..., Any], try_to_connect: bool | None = False) -> None:
        """Reports changes of the connection to `callback`."""
        self._inner.subscribe(callback, bool(try_to_connect))

    def unsubscribe(self, callback: Callable[..., Any]) -> None:
        """Ends what `subscribe` began."""
        self._inner.unsubscribe(callback)

    def close(self) -> None:
        """Ends the connection; calls that are under way fail."""
        self._inner.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Method:
    """A method with one answer, in each of the forms in which gRPC lets it be called."""

    def __init__(self, inner: Any, calling: Calling) -> None:
        self._inner = inner
        self._calling = calling

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        try:
            return self._inner(request, **self._calling.options(timeout, metadata), **options)
        except grpc.RpcError as error:
            raise SoukError.of(error) from error

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        try:
            return self._inner.with_call(request, **self._calling.options(timeout, metadata), **options)
        except grpc.RpcError as error:
            raise SoukError.of(error) from error

    def future(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        return _Call(self._inner.future(request, **self._calling.options(timeout, metadata), **options))


def _streaming(inner: Any, calling: Calling) -> Callable[..., _Call]:
    def call(request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> _Call:
        return _Call(inner(request, **calling.options(timeout, metadata), **options))

    return call


class _Call:
    """A call that is under way: all that gRPC's own can do, with failures as SoukError."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._inner)
        except grpc.RpcError as error:
            raise SoukError.of(error) from error

    def result(self, timeout: float | None = None) -> Any:
        try:
            return self._inner.result(timeout)
        except grpc.RpcError as error:
            raise SoukError.of(error) from error

    def exception(self, timeout: float | None = None) -> BaseException | None:
        error: BaseException | None = self._inner.exception(timeout)
        if not isinstance(error, grpc.RpcError):
            return error
        told = SoukError.of(error)
        told.__cause__ = error
        return told

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._inner.add_done_callback(lambda _: callback(self))
