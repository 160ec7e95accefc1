"""What KBS counts, under the names of the real one.

Source: confidential-containers/trustee `kbs/docs/` (metrics) and `kbs/src/prometheus.rs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

DURATIONS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.5, 1.0)
"""Seconds."""

SIZES = (32, 128, 512, 2048, 8192)
"""Bytes."""

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The counters of one KBS."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.resource_reads = self._counter("resource_reads", "resource_path")
        self.resource_writes = self._counter("resource_writes", "resource_path")
        self.policy_evaluations = self._counter("policy_evaluations")
        self.policy_approvals = self._counter("policy_approvals")
        self.policy_violations = self._counter("policy_violations")
        self.policy_errors = self._counter("policy_errors")
        self.attestation_requests = self._counter("attestation_requests")
        self.attestation_successes = self._counter("attestation_successes", "tee_type")
        self.attestation_failures = self._counter("attestation_failures", "tee_type")
        self.attestation_errors = self._counter("attestation_errors")
        self.auth_requests = self._counter("auth_requests")
        self.auth_successes = self._counter("auth_successes")
        self.auth_errors = self._counter("auth_errors")
        self._http = Http(self._registry)

    def request(self, sent: int, answered: int, seconds: float) -> None:
        """Count a request below the prefix: bytes of its body and its answer's, and its time."""
        self._http.count(sent, answered, seconds)

    def text(self) -> bytes:
        """Return all of them in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _counter(self, name: str, *labels: str) -> Counter:
        words = name.replace("_", " ")
        return Counter(f"kbs_{name}", f"Total count of {words}", labels, registry=self._registry)


@dataclass(slots=True)
class Http:
    """What is counted of every request below the prefix.

    Attributes:
        registry: Where the counters are kept.
    """

    registry: CollectorRegistry
    _total: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _sent: Histogram = field(init=False)
    _answered: Histogram = field(init=False)

    def __post_init__(self) -> None:
        """Make the counters."""
        into = self.registry
        self._total = Counter("kbs_http_requests", "Total count of HTTP requests", registry=into)
        self._seconds = Histogram(
            "kbs_http_request_duration_seconds",
            "Time of requests",
            buckets=DURATIONS,
            registry=into,
        )
        self._sent = Histogram(
            "kbs_http_request_size_bytes", "Sizes of request bodies", buckets=SIZES, registry=into
        )
        self._answered = Histogram(
            "kbs_http_response_size_bytes", "Sizes of response bodies", buckets=SIZES, registry=into
        )
        Gauge("kbs_http_active_connections", "Requests in work", registry=into)

    def count(self, sent: int, answered: int, seconds: float) -> None:
        """Count one request."""
        self._total.inc()
        self._sent.observe(sent)
        self._answered.observe(answered)
        self._seconds.observe(seconds)
