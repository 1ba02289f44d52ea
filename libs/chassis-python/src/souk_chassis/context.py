"""What belongs to one request, available anywhere in its work."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from opentelemetry.trace import Span

from souk_chassis import trace
from souk_chassis.caller import Caller, Identity
from souk_chassis.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Context:
    """One request that is being served; every call that is made for it carries it on."""

    identity: Identity
    deadline: Deadline
    criticality: str
    span: Span

    @staticmethod
    def current() -> Context:
        """Returns the request that this code works for; raises LookupError outside of one."""
        return CURRENT.get()

    @property
    def caller(self) -> Caller:
        """Returns who asked for this work."""
        return self.identity.caller

    @property
    def trace_id(self) -> str:
        """Returns the id of the trace, as in logs and in INTERNAL errors."""
        return trace.trace_id(self.span)


CURRENT: ContextVar[Context] = ContextVar("souk_chassis.context")
