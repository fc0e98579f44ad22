"""A run as OpenTelemetry: spans of run, case and step, and metrics, to a collector over OTLP/HTTP.

A consumer of events like any other: the run does not wait for a collector, nor fail by one. How the libraries are set up
(headers, timeouts, the service's name) is theirs: the variables ``OTEL_…`` of the OpenTelemetry specification.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import UsageError
from scenario_runner.events import (
    CaseFinished,
    CaseStarted,
    CheckFinished,
    InstanceSent,
    RunFinished,
    RunStarted,
    Stamped,
    StepFinished,
    StepStarted,
)
from scenario_runner.evidence.times import moment

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_CONFIGURED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
_LIBRARY = "opentelemetry.exporter.otlp.proto.http"
_PATIENCE = 5.0
"""Seconds for what is left at the end of a run; a collector that is not there is asked again and again for half a minute."""
_LONGEST = 300
"""Characters of a message."""
_BAD = ("failed", "error", "interrupted")


def configured(environ: Mapping[str, str], endpoint: str | None) -> bool:
    """Whether a collector is named, by an option or by the environment, and can be told.

    Raises UsageError for an option without the library; a variable alone may be meant for other programs.
    """
    if endpoint is None and (
        environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or not any(environ.get(name) for name in _CONFIGURED)
    ):
        return False
    try:
        there = importlib.util.find_spec(_LIBRARY) is not None
    except ModuleNotFoundError:
        there = False
    if endpoint is not None and not there:
        raise UsageError(
            "--otel needs the libraries of OpenTelemetry",
            hint="pip install 'dicom-fabricator[otel]'",
        )
    return there


class Telemetry:
    """An EventHandler that tells a collector.

    endpoint: its address, without ``/v1/traces``; None takes that of the environment.
    """

    lost: bool = False
    """Whether the collector has not taken all; known when it is closed."""

    def __init__(self, endpoint: str | None = None) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        base = None if endpoint is None else endpoint.rstrip("/")
        traces, metrics = (
            None if base is None else f"{base}/v1/{kind}" for kind in ("traces", "metrics")
        )
        # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
        resource = Resource.create()
        if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: "fabricate"}))
        self._tracing: TracerProvider = TracerProvider(resource=resource, shutdown_on_exit=False)
        spans, measures = OTLPSpanExporter(endpoint=traces), OTLPMetricExporter(endpoint=metrics)
        self._giving_up = (spans.shutdown, measures.shutdown)
        self._complaints = _Complaints()
        self._tracing.add_span_processor(BatchSpanProcessor(spans))
        self._measuring: MeterProvider = MeterProvider(
            [PeriodicExportingMetricReader(measures)],
            resource=resource,
            shutdown_on_exit=False,
        )
        self._tracer = self._tracing.get_tracer("scenario_runner")
        meter = self._measuring.get_meter("scenario_runner")
        self._instances = meter.create_counter(
            "fabricate.instances",
            unit="{instance}",
            description="Instances sent, by target and status",
        )
        self._checks = meter.create_counter(
            "fabricate.checks", unit="{check}", description="Checks evaluated, by outcome"
        )
        self._cases = meter.create_counter(
            "fabricate.cases", unit="{case}", description="Cases over, by outcome"
        )
        self._durations = meter.create_histogram(
            "fabricate.step.duration",
            unit="s",
            description="Durations of steps, by step and outcome",
        )
        self._run: Span | None = None
        self._open: dict[tuple[str, str], Span] = {}
        """By case and step; that of a case itself has no step."""

    def handle(self, stamped: Stamped) -> None:
        """Tell what an event means for spans and metrics."""
        event = stamped.event
        match event:
            case InstanceSent():
                said = {"target": event.target, "status": event.status or "none"}
                self._instances.add(1, said)
            case CheckFinished():
                self._checks.add(1, {"check": event.check, "outcome": event.outcome})
            case RunStarted():
                about = {"fabricate.run": event.run, "fabricate.site": event.site}
                self._run = self._begin("run", stamped, None, about)
            case CaseStarted():
                about = {"fabricate.case": event.case, "fabricate.scenario": event.name}
                span = self._begin(f"case {event.name}", stamped, self._run, about)
                self._open[event.case, ""] = span
            case StepStarted():
                about = {"fabricate.step": event.step, "fabricate.step.id": event.id}
                above = self._open.get((event.case, ""), self._run)
                span = self._begin(event.title or event.id, stamped, above, about)
                self._open[event.case, event.id] = span
            case StepFinished():
                self._durations.record(
                    event.duration_s, {"step": event.step, "outcome": event.outcome}
                )
                self._over((event.case, event.id), stamped, event.outcome, event.message)
            case CaseFinished():
                self._cases.add(1, {"outcome": event.outcome})
                self._over((event.case, ""), stamped, event.outcome, event.message)
            case RunFinished():
                _end(self._run, stamped, event.outcome, "")
                self._run = None
            case _:
                pass

    def close(self) -> None:
        """Send what is left; a collector that does not answer is given up."""
        for span in (*self._open.values(), *filter(None, [self._run])):
            span.end()
        until = monotonic() + _PATIENCE
        closing = [
            threading.Thread(target=_shut, args=(one,), daemon=True)
            for one in (self._tracing, self._measuring)
        ]
        for one in closing:
            one.start()
        for one in closing:
            one.join(max(0.0, until - monotonic()))
        late = any(one.is_alive() for one in closing)
        self.lost = late or self._complaints.heard
        if late:
            for give_up in self._giving_up:
                give_up()

    def _begin(
        self, name: str, stamped: Stamped, above: Span | None, about: Mapping[str, Any]
    ) -> Span:
        from opentelemetry.trace import set_span_in_context

        context = None if above is None else set_span_in_context(above)
        return self._tracer.start_span(
            name, context, start_time=_nanoseconds(stamped), attributes=dict(about)
        )

    def _over(self, key: tuple[str, str], stamped: Stamped, outcome: str, message: str) -> None:
        _end(self._open.pop(key, None), stamped, outcome, message)


class _Complaints(logging.Handler):
    """What the libraries log of a collector that takes nothing; it would stand between the lines of the run."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard = False
        logger = logging.getLogger("opentelemetry")
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Note that there was one."""
        self.heard = self.heard or record.levelno >= logging.ERROR


def _shut(provider: TracerProvider | MeterProvider) -> None:
    with suppress(Exception):  # the run is over, and is not changed by what a library throws
        provider.shutdown()


def _end(span: Span | None, stamped: Stamped, outcome: str, message: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    if span is None:
        return
    span.set_attribute("fabricate.outcome", outcome)
    if outcome in _BAD:
        span.set_status(Status(StatusCode.ERROR, message[:_LONGEST] or outcome))
    span.end(_nanoseconds(stamped))


def _nanoseconds(stamped: Stamped) -> int | None:
    when = moment(stamped.time)
    return None if when is None else int(when.timestamp() * 1e6) * 1000
