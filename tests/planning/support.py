"""Scenarios as text to plans, without the steps and the PACS that a run has."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

from scenario_runner.language.loader import parse_document
from scenario_runner.language.model import ScenarioHeader
from scenario_runner.language.scenario import Scenario
from scenario_runner.language.site_model import Site
from scenario_runner.planning import expand
from scenario_runner.planning.api import Counters, ModalityDefaults
from scenario_runner.planning.demographics import FakerDemographics
from scenario_runner.planning.pattern_fields import built_in_fields
from scenario_runner.planning.plan_json import write_json
from scenario_runner.registry.counters import SqliteCounters

if TYPE_CHECKING:
    from scenario_runner.errors import Diagnostic
    from scenario_runner.language.document import Document

NOW = dt.datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001 - a plan's dates have no zone
FIELDS = {field.name: field for field in built_in_fields()}
MODALITIES = {
    name: ModalityDefaults(
        modality=name,
        sop_class_uid=uid,
        images=images,
        rows=64,
        columns=32,
        body_part="CHEST",
        description="Chest",
        view="PA" if name != "CT" else None,
        phantom="xray/chest" if name != "CT" else "",
    )
    for name, uid, images in (
        ("CR", "1.2.840.10008.5.1.4.1.1.1", 1),
        ("DX", "1.2.840.10008.5.1.4.1.1.1.1", 1),
        ("CT", "1.2.840.10008.5.1.4.1.1.2", 30),
    )
}
FAKER = FakerDemographics()


def site(**identifiers: Any) -> Site:
    return Site.model_validate(
        {
            "schema": "site/v1",
            "name": "north",
            "identifiers": identifiers,
            "targets": {"pacs": {"embedded": {}}},
        }
    )


def scenario(text: str) -> Scenario:
    """text: what follows the schema and name of a scenario."""
    return scenario_of(parse_document(f"schema: scenario/v1\nname: trial\n{text}", "trial.yaml"))


def scenario_of(document: Document) -> Scenario:
    data = document.data
    header = {k: v for k, v in data.items() if k not in ("patients", "steps", "finally")}
    return Scenario(
        document, ScenarioHeader.model_validate(header), data.get("patients") or [], (), ()
    )


def options(seed: int = 7, **more: Any) -> expand.PlanOptions:
    usual = {"modalities": MODALITIES, "pattern_fields": FIELDS, "demographics": {"faker": FAKER}}
    return expand.PlanOptions(seed=seed, now=NOW, **{**usual, **more})


def plan(
    text: str,
    *,
    seed: int = 7,
    counters: Counters | None = None,
    where: Site | None = None,
    fields: dict[str, Any] | None = None,
    **more: Any,
) -> expand.Plan:
    return expand.plan(
        scenario(text),
        where or site(),
        options=options(seed, pattern_fields={**FIELDS, **(fields or {})}, **more),
        counters=counters or SqliteCounters(":memory:"),
    )


def problems(text: str, *, where: Site | None = None, **more: Any) -> list[tuple[str, int, int]]:
    """(code, line, column) of everything that ``validate`` would say; line 3 is the first of text."""
    found = diagnostics(text, where=where, **more)
    return [(each.code, each.where.line, each.where.column) for each in found]


def diagnostics(
    text: str,
    *,
    where: Site | None = None,
    **more: Any,
) -> list[Diagnostic]:
    """The same with their words."""
    return expand.check(
        scenario(text),
        where or site(),
        options=options(**more),
    )


def as_json(made: expand.Plan) -> str:
    stream = io.StringIO()
    write_json(made, stream)
    return stream.getvalue()
