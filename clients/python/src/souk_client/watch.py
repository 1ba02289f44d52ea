"""Streams that can be resumed, read as if they never broke."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import grpc

from souk_client.error import SoukError

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0

# What ends a stream early: a server that drains or dies, a deadline, an overload.
_PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
}


class Resumable(Protocol):
    """An answer that says where the next one follows."""

    @property
    def resume_token(self) -> str:
        """Resumes the stream after this response."""
        ...


R = TypeVar("R", bound=Resumable)


def watch(
    open_stream: Callable[[str], Iterable[R]], *, resume_token: str = "", longest_pause: float = _LONGEST_PAUSE
) -> Iterator[R]:
    """Reads a stream and reopens it when it breaks, from the last response received: nothing is skipped or repeated.

    Ends when the server says that there is no more, and raises what trying again does not mend. Leaving the loop cancels
    the stream.

    `for answer in watch(lambda token: orders.WatchOrder(WatchOrderRequest(order_id=id, resume_token=token))): …`
    """
    token, pauses = resume_token, _Pauses(longest_pause)
    while True:
        stream = open_stream(token)
        try:
            for answer in stream:
                token = answer.resume_token
                pauses.begin_again()
                yield answer
            return
        except SoukError as error:
            if error.code not in _PASSING:
                raise
        finally:
            _cancel(stream)
        time.sleep(pauses.next())


async def watch_aio(
    open_stream: Callable[[str], AsyncIterable[R]], *, resume_token: str = "", longest_pause: float = _LONGEST_PAUSE
) -> AsyncIterator[R]:
    """Does what `watch` does, with stubs on a channel of `connect_aio`.

    Python closes an asynchronous generator some time after its loop was left; `contextlib.aclosing` does it at once.
    """
    token, pauses = resume_token, _Pauses(longest_pause)
    while True:
        stream = open_stream(token)
        try:
            async for answer in stream:
                token = answer.resume_token
                pauses.begin_again()
                yield answer
            return
        except SoukError as error:
            if error.code not in _PASSING:
                raise
        finally:
            _cancel(stream)
        await asyncio.sleep(pauses.next())


def _cancel(stream: object) -> None:
    cancel = getattr(stream, "cancel", None)
    if cancel is not None:
        cancel()


class _Pauses:
    """How long to wait before a stream is opened again: twice as long each time, until an answer comes."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._pause = _FIRST_PAUSE

    def begin_again(self) -> None:
        self._pause = _FIRST_PAUSE

    def next(self) -> float:
        pause = self._pause
        self._pause = min(pause * 2, self._longest)
        # Spreads callers whose streams broke together.
        return min(pause, self._longest) * random.uniform(0.5, 1.0)
