"""All errors, each with its reason and its metadata. Codes are those of the contract."""

from __future__ import annotations

import souk_chassis
from souk.{{package}}.v1.error_reason_pb2 import ErrorReason


class Error(souk_chassis.Error):
    """An error of this service."""

    reasons = ErrorReason


class TooManyEntries(Error):
    """The customer has as many entries as a customer may have."""

    reason = ErrorReason.ERROR_REASON_TOO_MANY_ENTRIES

    def __init__(self, most: int) -> None:
        super().__init__(f"a customer may have at most {most} entries", metadata={"most": str(most)})
