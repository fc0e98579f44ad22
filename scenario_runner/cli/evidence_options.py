"""What a run leaves, and who is told while it goes on: the options that ``run`` and ``rerun`` have in common."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from scenario_runner.engine.services import Keep
from scenario_runner.lazy_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """As it was asked for."""

    log_pdus: bool
    keep: Keep
    previews: int
    chain: bool
    style: str
    """How events are shown: ``text`` or ``json``."""
    otel: str | None


def evidence_options(function: Callable[..., int]) -> Callable[..., int]:
    """The command gets them as ``evidence``."""

    @click.option(
        "--pdu-log", "log_pdus", is_flag=True, help="Keep a log of every PDU as evidence."
    )
    @click.option(
        "--keep-objects",
        "keep",
        type=click.Choice(["none", "failed", "all"]),
        default="none",
        show_default=True,
        help="Which DICOM objects stay as evidence: of cases that did not pass those that were not stored or differ, or all.",
    )
    @click.option(
        "--previews",
        type=click.IntRange(0, 100),
        metavar="N",
        default=1,
        show_default=True,
        help="Small pictures of so many images of each series, spread over it.",
    )
    @click.option(
        "--chain",
        is_flag=True,
        help="Name the site's previous run, beside this one, in the manifest.",
    )
    @click.option(
        "--format",
        "style",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What goes on, for people, or every event as an object a line for programs.",
    )
    @click.option(
        "--otel",
        metavar="URL",
        help="Collector of OpenTelemetry (OTLP/HTTP) that is told; by default that of OTEL_EXPORTER_OTLP_ENDPOINT.",
    )
    @functools.wraps(function)
    def command(
        log_pdus: bool,
        keep: Keep,
        previews: int,
        chain: bool,
        style: str,
        otel: str | None,
        **others: Any,
    ) -> int:
        evidence = Evidence(log_pdus, keep, previews, chain, style, otel)
        return function(evidence=evidence, **others)

    return command
