"""Who calls: the kinds of caller, and what was verified about one."""

from __future__ import annotations

from dataclasses import dataclass

from souk_client import customer_of

PEOPLE = frozenset({"user", "guest"})
"""The kinds of people who buy, signed in or not. The contract grants to both as USER, and both have a customer."""
_KINDS = PEOPLE | {"service", "staff"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, after its token was verified: `kind` is anonymous, user, guest, service or staff."""

    kind: str = "anonymous"
    id: str = ""
    customer: str = ""
    """The customer, `customer_…`, that owns what a user or guest does; empty for others. Derived from the name unless given."""

    def __post_init__(self) -> None:
        if self.kind in PEOPLE and not self.customer:
            object.__setattr__(self, "customer", customer_of(self.key))

    @property
    def key(self) -> str:
        """Returns the subject: `user:alice`, `guest:x`, `service:orders`, `staff:ann` or `anonymous`."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @property
    def owner(self) -> str:
        """Returns what idempotency records are kept by.

        It is the customer of a person, so that anyone who acts for the customer finds them again; else the subject.
        """
        return self.customer or self.key

    @staticmethod
    def parse(text: str) -> Caller:
        """Reads `user:ID`, `guest:ID`, `service:NAME`, `staff`, `staff:ID` or `anonymous`; else raises ValueError.

        The customer of a person is derived from the text.
        """
        if text == "anonymous":
            return ANONYMOUS
        kind, _, name = text.partition(":")
        if kind == "staff" and not name:
            name = "staff"
        if kind not in _KINDS or not name:
            raise ValueError(f"'{text}' is not a caller: use user:ID, guest:ID, service:NAME, staff, staff:ID or anonymous")
        return Caller(kind, name)


ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says: the caller and what it was given leave to do."""

    caller: Caller = ANONYMOUS
    scopes: frozenset[str] = frozenset()
    expires: float | None = None
    """Until when the token is good, in seconds since 1970; None: it never expires."""


NOBODY = Identity()
