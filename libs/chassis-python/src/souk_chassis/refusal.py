"""The answers that the chassis itself gives; their reasons are those of souk.policy.v1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from google.rpc.error_details_pb2 import BadRequest
from souk.policy.v1.error_reason_pb2 import ErrorReason

from souk_chassis.error import Error, retry_info


class Unauthenticated(Error):
    """There is no token, or it is not right."""

    reason = ErrorReason.ERROR_REASON_UNAUTHENTICATED


class AccessDenied(Error):
    """This caller may not call this method; `scopes` are those that its token lacks."""

    reason = ErrorReason.ERROR_REASON_ACCESS_DENIED

    def __init__(self, message: str, scopes: Sequence[str] = ()) -> None:
        super().__init__(message, metadata={"scopes": ",".join(scopes)} if scopes else None)


class DeadlineExceeded(Error):
    """The time of the call is over."""

    reason = ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED

    def __init__(self) -> None:
        super().__init__("the deadline has passed")


class Draining(Error):
    """The process is stopping."""

    reason = ErrorReason.ERROR_REASON_DRAINING

    def __init__(self) -> None:
        super().__init__("this process is shutting down, retry")


class Overloaded(Error):
    """A limit of the process, of a connection or of an address is reached; the message says which."""

    reason = ErrorReason.ERROR_REASON_OVERLOADED

    def __init__(self, message: str) -> None:
        super().__init__(message, details=[retry_info(0.1)])


class TooManyStreams(Error):
    """The caller, or its connection, has as many streams open as it may have. They last longer than other calls."""

    reason = ErrorReason.ERROR_REASON_TOO_MANY_STREAMS

    def __init__(self, message: str) -> None:
        super().__init__(message, details=[retry_info(1.0)])


class MessageTooLarge(Error):
    """A message is larger than this process reads."""

    reason = ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"a message of {size} bytes is too large, at most {most} are allowed")


class HeadersTooLarge(Error):
    """The headers of a request are larger than this process reads."""

    reason = ErrorReason.ERROR_REASON_HEADERS_TOO_LARGE

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"the headers of the request have {size} bytes, at most {most} are allowed")


class UnsupportedCompression(Error):
    """The request is compressed."""

    reason = ErrorReason.ERROR_REASON_UNSUPPORTED_COMPRESSION

    def __init__(self, encoding: str) -> None:
        message = f"the request is compressed with {encoding}, but only identity is accepted"
        super().__init__(message, metadata={"accepted": "identity"})


class Unimplemented(Error):
    """The process does not serve the method."""

    reason = ErrorReason.ERROR_REASON_UNIMPLEMENTED

    def __init__(self, path: str) -> None:
        super().__init__(f"unknown method {path}")


class Internal(Error):
    """Something went wrong that the caller can do nothing about; the cause is for the log."""


class UpstreamUnavailable(Error):
    """A service that this one needs does not answer."""

    reason = ErrorReason.ERROR_REASON_UPSTREAM_UNAVAILABLE

    def __init__(self, upstream: str, why: str) -> None:
        super().__init__(f"{upstream} cannot be reached: {why}", metadata={"service": upstream} if upstream else None)


class RequestIdReused(Error):
    """A request id came again with another request."""

    reason = ErrorReason.ERROR_REASON_REQUEST_ID_REUSED

    def __init__(self, request_id: str) -> None:
        super().__init__(f"request id {request_id} was used before with another request")


class DatabaseFull(Error):
    """The disk is full; nothing was written."""

    reason = ErrorReason.ERROR_REASON_DATABASE_FULL


class DatabaseUnavailable(Error):
    """The database cannot be written to; nothing was written."""

    reason = ErrorReason.ERROR_REASON_DATABASE_UNAVAILABLE


class OtherCustomer(Error):
    """A user reaches its own things only; the field names another customer."""

    reason = ErrorReason.ERROR_REASON_OTHER_CUSTOMER

    def __init__(self, field: str) -> None:
        message = "a user reaches its own things only: leave the customer empty, or send `me`"
        super().__init__(message, details=[_at_fault(field, message)])


class FieldNotAllowed(Error):
    """Callers of other kinds may set the field: `kinds` in words."""

    reason = ErrorReason.ERROR_REASON_FIELD_NOT_ALLOWED

    def __init__(self, field: str, kinds: str) -> None:
        message = f"{field} is for {kinds} only: leave it out"
        super().__init__(message, metadata={"field": field}, details=[_at_fault(field, message)])


def _at_fault(field: str, description: str) -> BadRequest:
    return BadRequest(field_violations=[BadRequest.FieldViolation(field=field, description=description)])


class InvalidRequest(Error):
    """A field breaks its rules, or the message cannot be read. Its domain is that of the method."""

    reason = ErrorReason.ERROR_REASON_INVALID_FIELD
    MOST: ClassVar[int] = 16

    def __init__(self, domain: str, violations: list[tuple[str, str]], message: str | None = None) -> None:
        shown = violations[: self.MOST]
        if message is None:
            field, description = shown[0]
            message = f"field {field} {description}" if field else f"request {description}"
            if len(shown) > 1:
                message += f" (and {len(shown) - 1} more)"
        fields = [BadRequest.FieldViolation(field=field, description=description) for field, description in shown]
        super().__init__(message, details=[BadRequest(field_violations=fields)])
        self._domain = domain

    @property
    def domain(self) -> str:
        """Returns the domain of the method."""
        return self._domain
