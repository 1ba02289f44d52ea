"""What can go wrong. Little: where nothing is known, what is popular is answered."""

from __future__ import annotations

import souk_chassis
from souk.recommendations.v1.error_reason_pb2 import ErrorReason


class Error(souk_chassis.Error):
    """An error of this service."""

    reasons = ErrorReason


class OtherCustomer(Error):
    """A user asked what to show another customer."""

    reason = ErrorReason.ERROR_REASON_OTHER_CUSTOMER

    def __init__(self, customer_id: str) -> None:
        super().__init__(
            f"a user may not read the recommendations of customer {customer_id}", metadata={"customer_id": customer_id}
        )
