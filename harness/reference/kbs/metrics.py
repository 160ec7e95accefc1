"""What KBS counts, under the names of the real one.

Source: confidential-containers/trustee `kbs/docs/` (metrics) and `kbs/src/prometheus.rs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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

MOST_PATHS = 1_000
"""Resources whose reads are counted; the real server knows no bound."""

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The counters of one KBS."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._paths: set[str] = set()
        self._resource_reads = self._counter("resource_reads", "resource_path")
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

    @contextmanager
    def in_work(self) -> Iterator[Callable[[int, int], None]]:
        """Count a request below the prefix while it is in work.

        What is yielded takes the bytes of its body and of its answer's.
        """
        with self._http.active.track_inprogress(), self._http.seconds.time():
            self._http.total.inc()
            yield self._http.sizes

    def read(self, path: str) -> None:
        """Count a read; of the first resources alone, for who asks may ask for any."""
        if path in self._paths or len(self._paths) < MOST_PATHS:
            self._paths.add(path)
            self._resource_reads.labels(path).inc()

    def text(self) -> bytes:
        """Return all of them in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _counter(self, name: str, *labels: str) -> Counter:
        words = name.replace("_", " ")
        return Counter(f"kbs_{name}", f"Total count of {words}", labels, registry=self._registry)


class Http:
    """What is counted of every request below the prefix."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.total = Counter("kbs_http_requests", "Total count of HTTP requests", registry=registry)
        self.active = Gauge("kbs_http_active_connections", "Requests in work", registry=registry)
        self.seconds = Histogram(
            "kbs_http_request_duration_seconds",
            "Time of requests",
            buckets=DURATIONS,
            registry=registry,
        )
        self._sent = Histogram(
            "kbs_http_request_size_bytes", "Bytes of requests", buckets=SIZES, registry=registry
        )
        self._answered = Histogram(
            "kbs_http_response_size_bytes", "Bytes of answers", buckets=SIZES, registry=registry
        )

    def sizes(self, sent: int, answered: int) -> None:
        """Count the bytes of a request's body and of its answer's."""
        self._sent.observe(sent)
        self._answered.observe(answered)
