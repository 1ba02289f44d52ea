"""What the contract says of the reason of a failure that concerns callers: whether the same request may be sent again."""

from __future__ import annotations

import importlib
import re
from contextlib import suppress
from enum import Enum
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import EnumDescriptor

from souk.policy.v1 import error_reason_pb2, reason_pb2

_OPTION: Any = reason_pb2.reason
# A server says the domain: nothing but a package of the contract is imported by its name.
_DOMAIN = re.compile(r"souk(\.[a-z_]+)+")
_VERSIONS = ("v1", "v1alpha")


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
    # A broken field has the domain of the method, and is a reason of all services.
    for reasons in (*_reasons_of(domain), error_reason_pb2.ErrorReason.DESCRIPTOR):
        value = reasons.values_by_name.get(reason)
        if value is not None:
            return Retry(value.GetOptions().Extensions[_OPTION].retry or reason_pb2.RETRY_NEVER)
    return Retry.UNKNOWN


def _reasons_of(domain: str) -> list[EnumDescriptor]:
    """Returns the reasons of a domain: a package without its version."""
    if not _DOMAIN.fullmatch(domain):
        return []
    found = (_reasons_in(f"{domain}.{version}") for version in _VERSIONS)
    return [reasons for reasons in found if reasons]


@cache
def _reasons_in(package: str) -> EnumDescriptor | None:
    # What the program has registered comes first: another copy of the same file must not be.
    with suppress(KeyError):
        return descriptor_pool.Default().FindEnumTypeByName(f"{package}.ErrorReason")
    try:
        reasons: EnumDescriptor = importlib.import_module(f"{package}.error_reason_pb2").ErrorReason.DESCRIPTOR
    except ImportError:
        return None
    return reasons
