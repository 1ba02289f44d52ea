"""What the contract says of the reason of a failure that concerns callers: whether the same request may be sent again."""

from __future__ import annotations

import importlib
import re
from enum import Enum
from functools import cache
from types import ModuleType
from typing import Any

from souk.policy.v1 import error_reason_pb2, reason_pb2

_OPTION: Any = reason_pb2.reason
# A server says the domain: nothing but a package of the contract is imported by its name.
_PACKAGE = re.compile(r"souk\.[a-z_]+\.v[0-9]+")


class Retry(Enum):
    """Whether the same request may be sent again after a failure."""

    NEVER = reason_pb2.RETRY_NEVER
    """The same request fails again until something else changes."""
    BACKOFF = reason_pb2.RETRY_BACKOFF
    """Nothing was written; the same request may succeed after a backoff, at the earliest after `retry_after`."""
    UNKNOWN = reason_pb2.RETRY_UNKNOWN
    """It is not known whether anything was written; a method that is idempotent may be called again."""


def retry_of(domain: str, reason: str) -> Retry:
    """Returns the advice of a reason; UNKNOWN for one that the contract does not know."""
    # A broken field has the domain of the request, and is a reason of all services.
    for module in (_reasons_of(domain), error_reason_pb2):
        value = module.ErrorReason.DESCRIPTOR.values_by_name.get(reason) if module else None
        if value is not None:
            return Retry(value.GetOptions().Extensions[_OPTION].retry or reason_pb2.RETRY_NEVER)
    return Retry.UNKNOWN


@cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _reasons_of(domain: str) -> ModuleType | None:
    return _module(f"{domain}.error_reason_pb2") if _PACKAGE.fullmatch(domain) else None
