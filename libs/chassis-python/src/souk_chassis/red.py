"""Rate, errors and duration of calls, by OpenTelemetry's RPC conventions, and the chassis' other metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

import grpc
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

disable_created_metrics()

REGISTRY = CollectorRegistry()
"""What /metrics shows. Services register their own metrics here."""

# The boundaries that OpenTelemetry advises for call durations, in seconds.
BOUNDARIES = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

WORKER_FAILURES = Counter(
    "souk_worker_failures", "How often a worker failed and was started again.", ["service", "worker"], registry=REGISTRY
)
EVENTS_HANDLED = Counter(
    "souk_events_handled", "Events that were handled, by outcome.", ["subscription", "type", "outcome"], registry=REGISTRY
)
EVENTS_LAG = Gauge(
    "souk_events_lag_seconds",
    "How old the latest handled event was, since it was published.",
    ["subscription"],
    registry=REGISTRY,
)
EVENTS_FOREIGN = Counter(
    "souk_events_foreign",
    "Events dropped because their source does not own their type.",
    ["subscription", "type"],
    registry=REGISTRY,
)
REFUSED = Counter("souk_refused", "What a limit refused, by the limit.", ["cap"], registry=REGISTRY)
UNLISTED_REASONS = Counter(
    "souk_unlisted_reasons",
    "Errors whose reason the contract of the method does not list.",
    ["rpc_method", "reason"],
    registry=REGISTRY,
)
WRONG_FACTS = Counter(
    "souk_wrong_facts",
    "Errors whose facts are not those that the contract lists for the reason.",
    ["rpc_method", "reason"],
    registry=REGISTRY,
)
OUTBOX_PUBLISHED = Counter("souk_outbox_published", "Events that the bus took.", ["service"], registry=REGISTRY)
OUTBOX_REFUSED = Counter("souk_outbox_refused", "Events that the event bus rejected.", ["service"], registry=REGISTRY)


class Calls(Collector):
    """The calls of one side, apart by method and code. prometheus_client's own histogram cannot leave out a label."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._cells: defaultdict[tuple[str, grpc.StatusCode], list[float]] = defaultdict(lambda: [0.0] * (len(BOUNDARIES) + 2))

    def record(self, method: str, code: grpc.StatusCode, seconds: float) -> None:
        """Counts one call: a number for each bucket, and at the end the sum."""
        cell = self._cells[method, code]
        cell[bisect_left(BOUNDARIES, seconds)] += 1
        cell[-1] += seconds

    def collect(self) -> Iterable[Metric]:
        """Returns the histogram of all methods."""
        family = HistogramMetricFamily(self._name, "How long a call took, in seconds.")
        for (method, code), cell in sorted(self._cells.items(), key=lambda item: (item[0][0], item[0][1].value[0])):
            labels = {"rpc_system_name": "grpc", "rpc_method": method, "rpc_response_status_code": code.name}
            if code is not grpc.StatusCode.OK:
                labels["error_type"] = code.name
            count = 0.0
            for index, bucket in enumerate(cell[:-1]):
                count += bucket
                most = f"{BOUNDARIES[index]:g}" if index < len(BOUNDARIES) else "+Inf"
                family.add_sample(f"{self._name}_bucket", {**labels, "le": most}, count)
            family.add_sample(f"{self._name}_sum", labels, cell[-1])
            family.add_sample(f"{self._name}_count", labels, count)
        yield family
