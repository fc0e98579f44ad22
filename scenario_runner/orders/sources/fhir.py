"""The source ``fhir``: ``patients: [{from: {fhir: ehr, max_studies: 10}}]``, a study for each ImagingStudy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from scenario_runner.deadline import Deadline
from scenario_runner.errors import Diagnostic, InvalidInput, TargetError, Where
from scenario_runner.fields.types import Model, Text
from scenario_runner.language.site_services import FhirService
from scenario_runner.orders.fhir.mapping import Table, of_site
from scenario_runner.orders.order import Order
from scenario_runner.orders.sources.patients import patients, performed
from scenario_runner.origins import Path
from scenario_runner.planning.sources import SourceContext, Sourced, SourceError
from scenario_runner.redaction import Redactor

_PATIENCE = 600.0
"""Seconds that all questions of one entry may take."""


class FhirParameters(Model):
    """Which ImagingStudy resources of a FHIR server."""

    on: Text
    """A target with ``fhir``."""
    query: dict[Text, Any] = Field(default={})
    """Search parameters: ``{patient: "Patient/123", modality: CT}``; a list is several of one name."""
    max_studies: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """How many at most, in the server's order."""
    modality: Text | None = None
    """Of studies that name none."""
    leave_out: list[Text] = Field(default=[])
    """Studies that are not made: ``[ImagingStudy/12]``."""


class FhirSource:
    """One patient for each identifier, one study for each ImagingStudy with the series and instances it lists.

    UIDs are taken as they are. Studies that are cancelled or entered in error make none.
    """

    name = "fhir"
    parameters: ClassVar[type[BaseModel]] = FhirParameters
    short = "on"
    called = "a FHIR server"
    asks = "on"

    def patients(self, parameters: FhirParameters, context: SourceContext) -> Iterator[Sourced]:
        """Ask the server, or what the run kept; every study that cannot be made is told."""
        service = _service(parameters, context)
        table = site_table(context)
        if not context.inputs.asks:
            # Which studies there are is not known here; that there is one will do to check what is below.
            yield Sourced({"studies": [{"modality": parameters.modality or "CT"}]}, _Unknown())
            return
        from scenario_runner.orders.fhir.collecting import collected
        from scenario_runner.orders.fhir.studies import orders

        kept = context.inputs.once(
            kept_name(parameters), lambda: _asked(parameters, service, context)
        )
        read, _ = collected(kept)
        wrong: list[Diagnostic] = []
        found: list[Order] = []
        wanted = [
            s for s in read.studies if f"ImagingStudy/{s.get('id')}" not in parameters.leave_out
        ]
        for one in orders(type(read)(read.release, wanted, read.beside), table):
            if isinstance(one, InvalidInput):
                wrong += one.diagnostics
            else:
                found.append(one)
        if wrong:
            raise InvalidInput(wrong)
        for order in found:
            context.inputs.remarks.update(dict.fromkeys(order.remarks))
        made = performed(found)
        if not made:
            raise SourceError(
                f"'{parameters.on}' has no ImagingStudy that could be made"
                if not read.studies
                else f"none of {len(read.studies)} imaging studies is to be made",
                "fhir_search, or the server's own page, shows what a query finds",
            )
        yield from patients(made, modality=parameters.modality)


def site_table(context: SourceContext) -> Table:
    """The mapping of the site that a plan is for. Raises SourceError."""
    try:
        site = context.site
        return of_site(None) if site is None else of_site(site.identifiers.fhir, site.zone)
    except ValueError as error:
        raise SourceError(str(error), "see identifiers.fhir of the site file") from None


def kept_name(parameters: FhirParameters) -> str:
    """What an answer is kept under: whom it was asked of, and what."""
    asked = {"query": parameters.query, "max": parameters.max_studies}
    return f"fhir/{parameters.on} {json.dumps(asked, ensure_ascii=False, sort_keys=True)}"


def _service(parameters: FhirParameters, context: SourceContext) -> FhirService:
    """Of the target that is to be asked. Raises SourceError."""
    targets = context.site.targets if context.site is not None else {}
    service = targets[parameters.on].fhir if parameters.on in targets else None
    if service is None:
        able = [name for name, spec in targets.items() if spec.fhir is not None]
        what = "has no 'fhir' service" if parameters.on in targets else "is no target of the site"
        raise SourceError(
            f"'{parameters.on}' {what}",
            f"targets with fhir: {', '.join(able)}"
            if able
            else "give a target 'fhir: {url: …}' in the site file",
        )
    return service


def _asked(parameters: FhirParameters, service: FhirService, context: SourceContext) -> bytes:
    from scenario_runner.orders.fhir.client import parameters as pairs
    from scenario_runner.orders.fhir.collecting import collect
    from scenario_runner.orders.sources.fhir_service import opened, secrets_of

    # A plan is shown, kept and sent: what the server says back of our login must not get into it.
    redactor = Redactor(secrets_of(service))
    try:
        with (
            redactor.guarding(),
            opened(
                service, context.site_folder, Deadline(_PATIENCE), learned=redactor.learn
            ) as fhir,
        ):
            return collect(
                fhir, pairs(parameters.query), parameters.max_studies, clean=redactor.tree
            )
    except TargetError as error:
        error.target = parameters.on
        raise


class _Unknown:
    """The origins of a study that stands for those there may be."""

    def where(self, path: Path, *, key: bool = False) -> Where:
        """Nowhere; what is wrong is in the scenario."""
        del path, key
        return Where("", label="an imaging study of the FHIR server")


FHIR = FhirSource()
