"""The way to a shop: one channel for every generated stub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from souk_client.aio import AioChannel
from souk_client.channel import Channel
from souk_client.identity import development_token
from souk_client.policy import service_config

_MAX_MESSAGE_BYTES = 16 << 20


def connect(
    address: str,
    *,
    token: str | None = None,
    as_: str | None = None,
    scopes: Sequence[str] = (),
    tls: grpc.ChannelCredentials | None = None,
) -> Channel:
    """Returns a channel for generated stubs that speaks gRPC to a shop; nothing is sent before the first call.

    Each call has the deadline that the contract names, unless it is given a `timeout`; calls that the contract calls
    repeatable are sent again when the shop is unavailable; what fails, raises a `SoukError`.

    - `address`: `127.0.0.1:7300`, `http://…` or `https://…`
    - `token`: sent as `authorization: Bearer …`
    - `as_`: signs a development token for `user:ID`, `guest:ID`, `service:NAME` or `staff`; for shops on this machine
    - `scopes`: what the token of `as_` is granted, such as `["orders.read"]`; `"*"` is every scope. Services and staff need
      those that the contract names for each method, users none
    - `tls`: what `grpc.ssl_channel_credentials()` returns, when it needs a certificate or another authority
    """
    target, credentials = _target(address, tls)
    options = _options()
    inner = grpc.secure_channel(target, credentials, options) if credentials else grpc.insecure_channel(target, options)
    return Channel(inner, _token(token, as_, scopes))


def connect_aio(
    address: str,
    *,
    token: str | None = None,
    as_: str | None = None,
    scopes: Sequence[str] = (),
    tls: grpc.ChannelCredentials | None = None,
) -> AioChannel:
    """Returns what `connect` does, for asyncio. Call it where the event loop runs."""
    target, credentials = _target(address, tls)
    options = _options()
    if credentials:
        return AioChannel(grpc.aio.secure_channel(target, credentials, options), _token(token, as_, scopes))
    return AioChannel(grpc.aio.insecure_channel(target, options), _token(token, as_, scopes))


def _token(token: str | None, who: str | None, scopes: Sequence[str]) -> str:
    if token is not None:
        return token
    return "" if who is None else development_token(who, scopes=scopes)


def _target(address: str, tls: grpc.ChannelCredentials | None) -> tuple[str, grpc.ChannelCredentials | None]:
    scheme, found, host = address.rpartition("://")
    if found and scheme not in ("http", "https"):
        raise ValueError(f"{address}: an address is HOST:PORT, http://HOST:PORT or https://HOST:PORT")
    if scheme == "http" and tls is not None:
        raise ValueError(f"{address}: TLS needs an address with https://")
    return host.rstrip("/"), tls or (grpc.ssl_channel_credentials() if scheme == "https" else None)


def _options() -> list[tuple[str, Any]]:
    return [
        ("grpc.service_config", service_config()),
        # Which calls are retried comes from the contract, not from the server's service config.
        ("grpc.service_config_disable_resolution", 1),
        # A request that is longer than this buffer would be sent once only.
        ("grpc.per_rpc_retry_buffer_size", _MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        # Each channel is a connection of its own, so that closing it closes the connection.
        ("grpc.use_local_subchannel_pool", 1),
    ]
