"""Souk's contract in Python.

Messages and stubs are generated, modules for each proto file: `souk.orders.v1.order_service_pb2` and `…_pb2_grpc`. This package
is the little that calls need besides: `connect` and `connect_aio`, `SoukError`, pages, streams that resume, `money` as text.
"""

from souk_client import money
from souk_client.aio import AioChannel
from souk_client.channel import Channel
from souk_client.connect import connect, connect_aio
from souk_client.error import FieldViolation, SoukError
from souk_client.identity import DEVELOPMENT_KEY, customer_of, development_token
from souk_client.pages import items, items_aio, pages, pages_aio
from souk_client.policy import CallPolicy, policy_of
from souk_client.reason import Retry
from souk_client.watch import watch, watch_aio

__all__ = [
    "DEVELOPMENT_KEY",
    "AioChannel",
    "CallPolicy",
    "Channel",
    "FieldViolation",
    "Retry",
    "SoukError",
    "connect",
    "connect_aio",
    "customer_of",
    "development_token",
    "items",
    "items_aio",
    "money",
    "pages",
    "pages_aio",
    "policy_of",
    "watch",
    "watch_aio",
]
