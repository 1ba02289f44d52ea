"""The second listener: /metrics for Prometheus, /healthz (the process answers) and /readyz (it can do its work)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import CollectorRegistry, generate_latest

from souk_chassis.red import REFUSED

_KIND = "text/plain; version=0.0.4; charset=utf-8"
_MAX_HEAD_BYTES = 16 << 10
_PATIENCE_SECONDS = 10
_MAX_CONNECTIONS = 64


class Pages:
    """What the pages are made from."""

    def __init__(self, registry: CollectorRegistry, is_ready: Callable[[], bool], why: Callable[[], str]) -> None:
        self._registry = registry
        self._is_ready = is_ready
        self._open = 0
        self._why = why

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listens; the pages are wanted most while a process drains, so the caller closes it last."""
        return await asyncio.start_server(self._connection, host, port, limit=_MAX_HEAD_BYTES)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= _MAX_CONNECTIONS:
            REFUSED.labels("metrics_connections").inc()
            writer.close()
            return
        self._open += 1
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                method, target, *_ = head.split(b" ", 2)
                status, text = self._page(target.partition(b"?")[0].decode("latin-1"))
                body = b"" if method == b"HEAD" else text
                writer.write(
                    f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {_KIND}\r\n"
                    f"content-length: {len(text)}\r\nconnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # How a connection ends is the caller's affair.
        finally:
            self._open -= 1
            writer.close()

    def _page(self, path: str) -> tuple[HTTPStatus, bytes]:
        match path:
            case "/metrics":
                return HTTPStatus.OK, generate_latest(self._registry)
            case "/healthz":
                return HTTPStatus.OK, b"ok\n"
            case "/readyz" if self._is_ready():
                return HTTPStatus.OK, b"ready\n"
            case "/readyz":
                return HTTPStatus.SERVICE_UNAVAILABLE, f"not ready\n{self._why()}\n".encode()
            case _:
                return HTTPStatus.NOT_FOUND, b"this server has /metrics, /healthz and /readyz\n"
