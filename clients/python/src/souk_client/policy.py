"""What the contract says of a method that concerns its callers: how long it may take, and whether it may be sent again."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

import souk
from souk.policy.v1 import policy_pb2

MAX_ATTEMPTS = 3
_OPTION: Any = policy_pb2.method
_RETRY = {
    "maxAttempts": MAX_ATTEMPTS,
    "initialBackoff": "0.025s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


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
    """Returns gRPC's own description of which methods are sent again and when (gRFC A6)."""
    repeatable = [method for method in _methods() if of(method).is_repeatable]
    names = [{"service": method.containing_service.full_name, "method": method.name} for method in repeatable]
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": _RETRY}]})


def _methods() -> Iterator[MethodDescriptor]:
    """Every method of the contract: a channel is made before anyone says which of them it will carry."""
    # `souk` is a namespace: it may lie in several folders, and the same module in more than one of them.
    files = (file.relative_to(root) for root in souk.__path__ for file in Path(root).glob("**/v*/*_service_pb2.py"))
    for name in sorted({".".join(("souk", *file.with_suffix("").parts)) for file in files}):
        for service in importlib.import_module(name).DESCRIPTOR.services_by_name.values():
            yield from service.methods
