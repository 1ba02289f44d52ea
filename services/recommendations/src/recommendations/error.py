"""What can go wrong. Little: where nothing is known, what is popular is answered."""

from __future__ import annotations

import souk_chassis
from google.rpc.error_details_pb2 import BadRequest
from souk.policy.v1.error_reason_pb2 import ErrorReason


class OtherCustomer(souk_chassis.Error):
    """A user asked what to show another customer."""

    reason = ErrorReason.ERROR_REASON_OTHER_CUSTOMER

    def __init__(self) -> None:
        rule = "a user may read only its own recommendations"
        violation = BadRequest.FieldViolation(field="customer_id", description=rule)
        super().__init__(f"customer_id: {rule}", details=[BadRequest(field_violations=[violation])])
