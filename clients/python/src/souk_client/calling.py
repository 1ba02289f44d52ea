"""What every call of a method is sent with."""

from __future__ import annotations

from typing import Any

from souk_client.policy import policy_of


class Calling:
    """A method, and as whom it is called."""

    def __init__(self, method: str, token: str) -> None:
        self._timeout = policy_of(method).timeout
        self._token = token

    def options(self, timeout: float | None, metadata: Any) -> dict[str, Any]:
        """Returns the deadline and the headers of one call: the caller's own come before the contract's and the channel's."""
        headers = tuple(metadata or ())
        if self._token and not any(key == "authorization" for key, _ in headers):
            headers = (*headers, ("authorization", f"Bearer {self._token}"))
        return {"timeout": self._timeout if timeout is None else timeout, "metadata": headers or None}
