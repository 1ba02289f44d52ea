"""What the contract says of a method that concerns its callers: how long it may take, and whether it may be sent again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from souk.policy.v1 import policy_pb2

_OPTION: Any = policy_pb2.method
_SERVICE_CONFIG = Path(__file__).with_name("service_config.json")


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """The policy of one method."""

    timeout: float | None
    """How long a call may take in seconds; None when the contract names no limit."""
    is_repeatable: bool
    """Whether a call that failed with UNAVAILABLE may be sent again."""


def of(method: MethodDescriptor) -> CallPolicy:
    """Reads the policy of a method of the contract."""
    options = method.GetOptions()
    told = options.Extensions[_OPTION]
    is_idempotent = options.idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN
    return CallPolicy(
        timeout=told.timeout.ToTimedelta().total_seconds() if told.HasField("timeout") else None,
        is_repeatable=is_idempotent and not method.client_streaming and not method.server_streaming,
    )


@cache
def policy_of(path: str) -> CallPolicy:
    """Returns the policy of `/souk.orders.v1.OrderService/GetOrder`; one without promises when it is not of the contract."""
    try:
        return of(descriptor_pool.Default().FindMethodByName(path.lstrip("/").replace("/", ".")))
    except KeyError:
        return CallPolicy(timeout=None, is_repeatable=False)


@cache
def service_config() -> str:
    """Returns gRPC's own description of which methods are sent again and when (gRFC A6).

    It comes from a file that is made of the contract, not from generated code: a channel is made before anyone says which
    methods it will carry, and importing all of them would fail where a program has registered one of Souk's files on its own.
    Deadlines are left out, because each call has its own.
    """
    groups = json.loads(_SERVICE_CONFIG.read_text(encoding="utf-8"))["methodConfig"]
    retried = [{"name": group["name"], "retryPolicy": group["retryPolicy"]} for group in groups if "retryPolicy" in group]
    return json.dumps({"methodConfig": retried})
