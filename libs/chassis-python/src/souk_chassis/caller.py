"""Who calls: the four kinds of caller, and what was verified about one."""

from __future__ import annotations

from dataclasses import dataclass

_KINDS = frozenset({"user", "service", "staff"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, after its token was verified: `kind` is anonymous, user, service or staff."""

    kind: str = "anonymous"
    id: str = ""

    @property
    def key(self) -> str:
        """Returns `user:alice`, `service:orders`, `staff:ann` or `anonymous`: what idempotency records are kept by."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @staticmethod
    def parse(text: str) -> Caller:
        """Reads `user:ID`, `service:NAME`, `staff`, `staff:ID` or `anonymous`; raises ValueError for anything else."""
        if text == "anonymous":
            return ANONYMOUS
        kind, _, name = text.partition(":")
        if kind == "staff" and not name:
            name = "staff"
        if kind not in _KINDS or not name:
            raise ValueError(f"'{text}' is not a caller: use user:ID, service:NAME, staff, staff:ID or anonymous")
        return Caller(kind, name)


ANONYMOUS = Caller()


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says: the caller and what it was given leave to do."""

    caller: Caller = ANONYMOUS
    scopes: frozenset[str] = frozenset()


NOBODY = Identity()
