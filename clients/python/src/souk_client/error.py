"""The error of a failed call: the gRPC code, and the details of the contract's services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from souk_client.reason import Retry, retry_of

_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of a request that is wrong."""

    field: str
    """The path of the field: `lines[0].quantity`."""
    description: str
    """What must be so."""


class SoukError(Exception):
    """A call that Souk refused or that did not reach it; gRPC's own error is its `__cause__`.

    `reason` is what programs decide by: a value of an `ErrorReason` whose package is `domain` and a version, such as
    `ERROR_REASON_OUT_OF_STOCK`; empty when the failure came from the connection.
    """

    code: grpc.StatusCode
    """The gRPC code."""
    message: str
    """What happened, for people."""
    reason: str
    """Why, as the enum `ErrorReason` of `domain` names it."""
    domain: str
    """Whose reason it is: `souk.inventory`."""
    metadata: Mapping[str, str]
    """Facts about this failure, such as `sku` and `available`."""
    retry_after: float | None
    """The seconds to wait before a retry; None when the server names no delay."""
    violations: tuple[FieldViolation, ...]
    """The fields that are wrong, when the code is INVALID_ARGUMENT."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str = "",
        *,
        reason: str = "",
        domain: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        violations: tuple[FieldViolation, ...] = (),
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.reason = reason
        self.domain = domain
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after
        self.violations = violations

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}" + (f" ({self.reason})" if self.reason else "")

    @property
    def retry(self) -> Retry:
        """Returns whether the same request may be sent again, as the contract says of the reason; UNKNOWN without one."""
        return retry_of(self.domain, self.reason)

    @classmethod
    def of(cls, error: grpc.RpcError) -> SoukError:
        """Returns the details of an error of `grpc` or `grpc.aio`. Both have these methods, but their base class has none."""
        told: Any = error
        found = cls(told.code() or grpc.StatusCode.UNKNOWN, told.details() or "")
        for detail in _details(told.trailing_metadata() or ()):
            info, retry, bad = ErrorInfo(), RetryInfo(), BadRequest()
            if detail.Unpack(info):
                found.reason, found.domain, found.metadata = info.reason, info.domain, dict(info.metadata)
            elif detail.Unpack(retry):
                found.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
            elif detail.Unpack(bad):
                found.violations += tuple(FieldViolation(each.field, each.description) for each in bad.field_violations)
        return found


def _details(trailers: Iterable[tuple[str, str | bytes]]) -> Iterable[Any]:
    for key, value in trailers:
        if key == _DETAILS and isinstance(value, bytes):
            try:
                return list(Status.FromString(value).details)
            except DecodeError:
                return []  # Another server may send anything there; the code is valid without it.
    return []
