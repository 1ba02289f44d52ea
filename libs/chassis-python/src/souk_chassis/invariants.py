"""What a service checks of its own records, and souk.ops.v1.InvariantService, which every process serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from souk.ops.v1 import invariant_service_pb2 as pb
from souk.ops.v1.invariant_service_pb2_grpc import InvariantServiceServicer

from souk_chassis.refusal import InvalidRequest

MOST_FINDINGS = 1_000
"""The most findings of one check; later ones are left out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant that does not hold (words that never change), for what, and the numbers."""

    invariant: str
    subject: str
    detail: str


@dataclass(slots=True)
class Report:
    """What a check found, and how much there was of everything, so that "no finding" cannot mean "nothing was read"."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, invariant: str, subject: str, detail: str) -> None:
        """Adds something that does not hold."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(invariant, subject, detail))


Check = Callable[[], Awaitable[Report]]


class InvariantRpc(InvariantServiceServicer):
    """Answers for the one service of the process."""

    def __init__(self, service: str, check: Check) -> None:
        self._service, self._check = service, check

    async def CheckInvariants(self, request: pb.CheckInvariantsRequest, context: Any) -> pb.CheckInvariantsResponse:
        """Checks the service, which the request names or leaves out."""
        if request.service not in ("", self._service):
            why = f'must be one of {self._service}, not "{request.service}"'
            raise InvalidRequest("souk.ops", [("service", why)], why)
        report = await self._check()
        findings = [pb.AuditFinding(invariant=one.invariant, subject=one.subject, detail=one.detail) for one in report.findings]
        counts = [pb.AuditCount(what=what, count=count) for what, count in report.counts.items()]
        return pb.CheckInvariantsResponse(reports=[pb.InvariantReport(service=self._service, findings=findings, counts=counts)])
