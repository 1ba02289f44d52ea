"""Who calls, proved by a development token: `souk-dev.<payload>.<mac>`. Real identities come with a later service."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

DEVELOPMENT_KEY = "souk-development-key-that-is-no-secret"
"""The key that signs development tokens unless a shop is configured with another. It is no secret."""


def development_token(who: str, *, key: str = DEVELOPMENT_KEY, scopes: Sequence[str] = ()) -> str:
    """Returns a token for `user:ID`, `service:NAME`, `staff` or `staff:ID`. Only shops on loopback addresses accept it.

    `anonymous` has no token, so the result is empty. `key` is the shop's `identity.development_key`, when it has one.
    `scopes` is what the token is granted, such as `["orders.read", "ops.audit"]`; `"*"` is every scope. Services and staff need
    those that the contract names for each method, users none.
    """
    if who == "anonymous":
        return ""
    # A space in an id must not read as the start of a scope.
    name = who.replace("%", "%25").replace(" ", "%20")
    payload = _encode(" ".join([name, *scopes]).encode())
    mac = hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest()
    return f"souk-dev.{payload}.{_encode(mac)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
