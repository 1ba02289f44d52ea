"""What an error must say of itself to be answered to a caller, and the one place where it becomes a gRPC status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from souk.policy.v1.error_reason_pb2 import ErrorReason

from souk_chassis.reason import ReasonPolicy, policy_of

HIDDEN = "internal error"
DETAILS_HEADER = "grpc-status-details-bin"
_OUR_FAULT = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS})


class Error(Exception):
    """An error that a service answers. Each way to fail is a subclass with one reason of the contract, which says its code.

    `str(error)` is the message: lower case, without a full stop, naming the thing. `metadata` is what a program needs to act on
    the error, under the keys that the contract lists; `details` are further google.rpc messages. Of INTERNAL, UNKNOWN and
    DATA_LOSS the caller sees the trace id only.
    """

    reasons: ClassVar[EnumTypeWrapper] = ErrorReason
    reason: ClassVar[int] = ErrorReason.ERROR_REASON_INTERNAL
    policy: ClassVar[ReasonPolicy] = policy_of(reasons, reason)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "reason" in vars(cls):
            cls.policy = policy_of(cls.reasons, cls.reason)

    def __init__(self, message: str, *, metadata: Mapping[str, str] | None = None, details: Sequence[Message] = ()) -> None:
        super().__init__(message)
        self.metadata = dict(metadata or {})
        self.details = tuple(details)

    @property
    def code(self) -> grpc.StatusCode:
        """Returns the code that the contract gives the reason."""
        return self.policy.code

    @property
    def domain(self) -> str:
        """Returns the package that defines the reason, without its version: `souk.inventory`."""
        return self.policy.domain

    @property
    def reason_name(self) -> str:
        """Returns the reason as in ErrorInfo: `ERROR_REASON_OUT_OF_STOCK`."""
        return self.policy.name


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as it goes out, and what the log says of it."""

    code: grpc.StatusCode
    reason: str
    message: str
    details: bytes
    cause: str | None


def is_our_fault(code: grpc.StatusCode) -> bool:
    """Returns whether the code needs an operator's attention, so that the text is for us and not for the caller."""
    return code in _OUR_FAULT


def answer(error: Error, trace_id: str) -> Answer:
    """Turns an error into a status: code, text, and ErrorInfo with reason, domain and metadata before other details."""
    is_hidden = is_our_fault(error.code)
    metadata = {"trace_id": trace_id} if is_hidden else error.metadata
    message = HIDDEN if is_hidden else str(error)
    info = ErrorInfo(reason=error.reason_name, domain=error.domain, metadata=metadata)
    status = Status(code=error.code.value[0], message=message)
    for detail in (info, *(() if is_hidden else error.details)):
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    says_cause = is_hidden or (error.code is grpc.StatusCode.UNAVAILABLE and error.__cause__ is not None)
    cause = with_causes(error) if says_cause else None
    return Answer(error.code, error.reason_name, message, status.SerializeToString(), cause)


def with_causes(error: BaseException) -> str:
    """Returns the text of an error and of everything that caused it."""
    text = str(error) or type(error).__name__
    if not isinstance(error, Error):
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    cause = error.__cause__
    while cause is not None:
        if str(cause) not in text:
            text += f": {cause}"
        cause = cause.__cause__
    return text


def retry_info(seconds: float) -> RetryInfo:
    """Returns the detail that says when to retry."""
    info = RetryInfo()
    info.retry_delay.FromNanoseconds(int(seconds * 1e9))
    return info
