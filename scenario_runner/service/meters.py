"""Numbers of how the service does, for Prometheus: in a registry of its own, none of the process's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format (exposition formats, 0.0.4)."""


class Meters:
    """All numbers of one service. Safe between threads; no label has anything of a patient or a study."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.uploads = self._counter("uploads", "Uploads that have ended.", "status")
        self.files = self._counter(
            "upload_files", "Files of uploads, by what became of them.", "status"
        )
        self.bytes_received = self._counter(
            "upload_received_bytes", "Bytes of files that were uploaded."
        )
        self.requests = self._counter(
            "http_requests", "Requests that were answered.", "method", "route", "status"
        )
        self.errors = self._counter("errors", "Problems that were answered, by their code.", "code")
        self._stages = self._histogram(
            "stage_seconds", "How long a stage of the work took.", "stage"
        )
        # Looking a label up costs more than counting it, so each is looked up once.
        self._of_stages: dict[str, Histogram] = {}
        self._of_routes: dict[str, Histogram] = {}
        self._answered: dict[tuple[str, str, int], Counter] = {}
        self.request_seconds = self._histogram(
            "http_request_seconds", "From a request's headers to the end of its answer.", "route"
        )
        self.under_way = Gauge(
            "fabricator_http_requests_under_way", "Requests just now.", registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has ended."""
        key = (method, route, status)
        if (count := self._answered.get(key)) is None:
            count = self._answered[key] = self.requests.labels(method, route, str(status))
        count.inc()
        if (found := self._of_routes.get(route)) is None:
            found = self._of_routes[route] = self.request_seconds.labels(route)
        found.observe(seconds)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """How long what is within takes."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.took(name, time.perf_counter() - begun)

    def took(self, stage: str, seconds: float) -> None:
        """How long a stage took that was measured elsewhere."""
        if (found := self._of_stages.get(stage)) is None:
            found = self._of_stages[stage] = self._stages.labels(stage)
        found.observe(seconds)

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """A number that is asked for each time the numbers are read."""
        gauge = Gauge(f"fabricator_{name}", about, registry=self.registry)
        gauge.set_function(value)

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"fabricator_{name}", about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(
            f"fabricator_{name}", about, labels, buckets=_SECONDS, registry=self.registry
        )
